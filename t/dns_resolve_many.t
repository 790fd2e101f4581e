#!/usr/bin/perl

# Tests for "server HOST resolve" beside what else an upstream has: other
# lines, methods, health checks, TCP, bind, reloads, killed workers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(24)
    ->allow(qr/could not be resolved|exited on signal 9/);

my %with = (workers => 2, connections => 1024, pages => 'status', at => 8088);

$t->write_stream(<<'EOF_CONF', %with);
resolver          127.0.0.1:%%PORT_8090%% valid=1s;
resolver_timeout  500ms;

dns_upstream hash {
    hash          $dns_qname consistent;
    hedge         off;
    server        hash.test:%%PORT_8081%% resolve;
    health_check  off;
}

dns_upstream health {
    server        health.test:%%PORT_8082%% resolve;
    health_check  interval=200ms timeout=100ms fails=2 passes=1;
}

dns_upstream tcp {
    bind          127.0.0.9;
    server        tcp://tcp.test:%%PORT_8081%% resolve;
    health_check  off;
}

dns_upstream lines {
    least_conn;
    server        127.0.1.1:%%PORT_8081%%;
    server        one.test:%%PORT_8081%% resolve weight=2;
    server        two.test:%%PORT_8081%% resolve backup max_outstanding=5;
    server        down.test:%%PORT_8081%% resolve down;
    health_check  off;
}

dns_upstream many {
    random two;
    server        many.test:%%PORT_8081%% resolve slow_start=1s;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  hash.test hash;
    dns_forward  health.test health;
    dns_forward  tcp.test tcp;
    dns_forward  lines.test lines;
    dns_forward  many.test many;
}
EOF_CONF

$t->upstream(8081, eval("sub { { a => '192.0.2.$_' } }"),
             addr => "127.0.1.$_", tcp => 1)
    for 1 .. 4;

my %health = map { $_ => $t->upstream(8082, sub {
    return $_[1]{silent} ? () : { a => '192.0.2.1' };
}, addr => "127.0.1.$_", probes => 1) } 1, 2;

# names and their addresses

my $dns = $t->upstream(8090, sub {
    my ($query, $state) = @_;

    return if $state->{dead};

    my $up = $state->{$query->{qname}} // [];

    return $query->{qtype} eq 'AAAA'
           ? { answers => [ map { [ $query->{qname}, 'AAAA', 1, $_ ] }
                            grep { /:/ } @$up ] }
           : { a => [ map { /:/ ? () : "127.0.1.$_" } @$up ], ttl => 1 };
});

sub up { my ($name, @up) = @_; $dns->set("$name.test" => \@up) }

up('hash', 1 .. 3);
up('health', 1);
up('tcp', 1, '2001:db8::1');
up('one', 1, 2);
up('two', 2, 3);
up('down', 4);
up('many', 1 .. 20);

$t->run();

sub servers {
    my ($name) = @_;
    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};
    return { map { $_->{server} =~ /(?:127.0.1.)?([0-9a-f:\[\]]+):\d+$/;
                   ($1 => $_) } @{$u->{servers}} };
}

sub list { join ' ', sort keys %{servers(@_)} }

sub ask { dns_query($t->port(8053), "$_[0].test", 'A') }

sub answer {
    my $r = ask(@_);
    return $r->{answers}[0] ? $r->{answers}[0]{data} =~ s/^192.0.2.//r
                            : $r->{rcode};
}

ok($t->wait_for(sub { list('hash') eq '1 2 3'
                      && !grep { answer("$_.hash") eq 'SERVFAIL' } 1 .. 20 }),
   'hash: resolved, and all workers know');

my %where = map { $_ => answer("$_.hash") } 1 .. 60;
my %seen = reverse %where;
is(join(' ', sort keys %seen), '1 2 3', 'all are used');

up('hash', 1, 3, 4);
ok($t->wait_for(sub { list('hash') eq '1 3 4' }), 'another one');
ok($t->wait_for(sub { !grep { answer("$_.hash") eq '2' } 1 .. 60 }),
   'the old one is not used');
is(scalar(grep { $where{$_} ne '2' && answer("$_.hash") !~ /^[4$where{$_}]$/ }
               1 .. 60), 0, 'names stay where they were, or go to the new');

# health

ok($t->wait_for(sub { $health{1}->count() > 2 }), 'it is checked');
$health{2}->set(silent => 1);
up('health', 1, 2);
ok($t->wait_for(sub { (servers('health')->{2} // {})->{state} // '' eq
                      'unhealthy' }), 'a new one is, too');
up('health', 1);
ok($t->wait_for(sub { list('health') eq '1' }), 'it goes');

# each worker finds it out by itself, and what is under way ends

ok($t->wait_for(sub {
    my $checks = $health{2}->count();
    select undef, undef, undef, 0.5;
    return $health{2}->count() == $checks;
}), 'and is not checked');

is(servers('health')->{1}{state}, 'up', 'the other one stays up');

# addresses that "bind" can't reach are left out

is(list('tcp'), '1', 'bind: no IPv6');
is(answer('a.tcp'), '1', 'over TCP');
up('tcp', 3);
ok($t->wait_for(sub { answer('b.tcp') eq '3' }), 'to another one');

# an address is a server once, that of the first line which has it

my $lines = servers('lines');
is(join(' ', map { "$_/$lines->{$_}{weight}/$lines->{$_}{backup}/"
                   . $lines->{$_}{state} } sort keys %$lines),
   '1/1/0/up 2/2/0/up 3/1/1/up 4/1/0/down', 'lines');

up('one', 1);
ok($t->wait_for(sub { (servers('lines')->{2} // {})->{backup} }),
   'the next line has it');

is(scalar(keys %{servers('many')}), 16, 'as many as there can be');
is(() = $t->error_log() =~ /"many.test:\d+" has more than 16 addr/g, 1,
   'said once');
like(answer('a.many'), qr/^\d+$|SERVFAIL/, 'and nothing breaks');

# a worker is killed: another one goes on

my $was = servers('hash')->{3}{queries};

for my $worker ($t->workers()) {
    kill 'KILL', $worker;
    $t->wait_for(sub { my @w = $t->workers();
                       @w == 2 && !grep { $_ == $worker } @w });
}

is(servers('hash')->{3}{queries}, $was, 'killed: nothing is forgotten');

up('hash', 1, 2);
ok($t->wait_for(sub { list('hash') eq '1 2' }), 'and others come');
ok($t->wait_for(sub { !grep { answer("$_.hash") =~ /[34]/ } 1 .. 60 }),
   'and are used');

# a reload while the resolver is dead

$dns->set(dead => 1);
$was = servers('hash')->{1}{queries};
$t->reload();
is(list('hash'), '1 2', 'reload: they are there');
ok(!(grep { answer("$_.hash") !~ /^[12]$/ } 1 .. 60), 'and used at once');
cmp_ok(servers('hash')->{1}{queries}, '>=', $was, 'with what was counted');
