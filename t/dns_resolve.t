#!/usr/bin/perl

# Tests for "server HOST resolve": servers come and go with the addresses of a
# name, by its TTL; those that stay keep what is known of them.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(26)
    ->allow(qr/"ns.test:\d+" could not be resolved/);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8088%%;

        location /status { dns_status  json; }
        location /ready { dns_status  ready; }
        location /metrics { dns_status  prometheus; }
        location /control { dns_control; }
    }
}

stream {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    resolver_timeout  1s;

    dns_upstream u {
        server        ns.test:%%PORT_8081%% resolve max_fails=2;
        health_check  off;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_forward  . u;
    }
}

EOF_CONF

my %server = map {
    my $n = $_;
    ($n => $t->upstream(8081, sub { { a => "192.0.2.$n" } },
                        addr => "127.0.1.$n", tcp => 1));
} 1 .. 4;

# the authority of ns.test

my $dns = $t->upstream(8090, sub {
    my ($query, $state) = @_;

    return $state->{say} if $state->{say};
    return { a => [ map { /\./ ? $_ : "127.0.1.$_" } @{$state->{up}} ],
             ttl => $state->{ttl} // 1 };
});

sub up {
    my (@up) = @_;
    $dns->set(say => undef);
    $dns->set(up => \@up);
}

my $port = $t->port(8053);
my $n = 0;

sub ask { dns_query($port, 'n' . $n++ . '.example.com', 'A', @_) }

# servers that have answered a number of queries, whichever worker gets them

sub used {
    my %used;

    for (1 .. 40) {
        my $r = ask();
        $used{$r->{answers}[0]{data} // $r->{rcode}}++;
    }

    return join ' ', map { s/^192.0.2.//r } sort keys %used;
}

sub servers {
    my ($u) = @{status($t->port(8088))->{upstreams}};
    return { map { $_->{server} =~ s/^127.0.1.(\d+):.*/$1/r => $_ }
             @{$u->{servers}} };
}

$dns->set(say => { rcode => 'NXDOMAIN' });
$t->run();

is(ask()->{rcode}, 'SERVFAIL', 'nginx runs without a server');
is(http($t->port(8088), '/ready')->{status}, 503, 'and is not ready');
is_deeply(servers(), {}, 'no server to show');

up(1);
ok($t->wait_for(sub { used() eq '1' }), 'resolved later');
is(http($t->port(8088), '/ready')->{status}, 200, 'ready');
like($t->error_log(), qr/\[notice\].*1 server of "ns.test:\d+", 1 new, 0 gone: 127.0.1.1:\d+$/m,
     'said');
is(ask(tcp => 1)->{answers}[0]{data}, '192.0.2.1', 'client over TCP');

my $before = servers()->{1}{queries};

up(1, 2);
ok($t->wait_for(sub { used() eq '1 2' }, 4), 'one more');

my $servers = servers();

cmp_ok($servers->{1}{queries}, '>', $before, 'counters of one that stays');
cmp_ok($servers->{2}{queries}, '<', $before, 'not those of the new one');

# by hand, and kept while others come

my $one = '127.0.1.1:' . $t->port(8081);
is(http($t->port(8088), "/control/upstreams/u/$one?state=down",
        method => 'POST')->{status}, 200, 'down by hand');
ok($t->wait_for(sub { used() eq '2' }), 'not used');

up(1, 2, 3);
ok($t->wait_for(sub { used() eq '2 3' }, 4), 'still down with a third');
is(servers()->{1}{forced}, 'down', 'as it was set');

up(3, 2);
ok($t->wait_for(sub { !servers()->{1} }, 4), 'it goes');
like(http($t->port(8088), "/control/upstreams/u/$one?state=up",
          method => 'POST')->{body}, qr/error.*127.0.1.2/,
     'unknown, others are named');
is(total(metrics($t->port(8088)), 'nginx_dns_upstream_up', qr/127.0.1.1/), 0,
   'not in metrics');

up(1, 3);
ok($t->wait_for(sub { used() eq '1 3' }, 4), 'it comes again');
is(servers()->{1}{forced}, undef, 'as a new one');

# what fails keeps what there is

$dns->set(say => { rcode => 'SERVFAIL' });
ok($t->wait_for(sub { $t->error_log() =~
                      /could not be resolved \(2: .*its servers stay/ }, 4),
   'SERVFAIL');
is(used(), '1 3', 'servers stay');

# the last servers of an upstream do, too

$dns->set(say => { rcode => 'NXDOMAIN' });
$t->wait_for(sub { $t->error_log() =~ /resolved \(3: .*its servers stay/ }, 9);
is(used(), '1 3', 'NXDOMAIN');

# and where no address can be that of a server; with a first octet over 127
# sanitizers complain of nginx's own resolver

up('0.0.0.0');
ok($t->wait_for(sub { $t->error_log() =~
                      /resolved \(100: No address of a .*its servers stay/ }, 14),
   'no address of a server');
is(used(), '1 3', 'the last ones stay');
ok(!(grep { !/^[13]$/ } keys %{servers()}), 'and no other comes');

up(qw/ 4 0.0.0.0 /);
ok($t->wait_for(sub { used() eq '4' }, 14), 'all are others');
