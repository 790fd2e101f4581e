#!/usr/bin/perl

# Tests for queries to servers over TCP: after TC, and for tcp:// servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(25);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

dns_udp_max_size      4096;
dns_upstream_timeout  500ms;

log_format  f  '$dns_qname $dns_rcode $dns_upstream_addr';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream tc {
    server        127.0.0.1:%%PORT_8081%% max_outstanding=10;
    health_check  off;
}

dns_upstream tcp {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    server        tcp://127.0.0.1:%%PORT_8082%% backup;
    health_check  interval=100ms;
}

dns_upstream lone {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream closed {
    server        tcp://127.0.0.1:%%PORT_8089%%;
    server        127.0.0.1:%%PORT_8082%% backup;
    health_check  off;
}

dns_upstream udponly {
    server        127.0.0.1:%%PORT_8083%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  tc.test tc;
    dns_forward  tcp.test tcp;
    dns_forward  lone.test lone;
    dns_forward  closed.test closed;
    dns_forward  udponly.test udponly;
    dns_cache    c;
}
EOF_CONF

my $text = 'x' x 2000;

sub answer {
    my ($query, $state) = @_;
    my $name = $query->{qname};

    return { tc => 1, edns => 1232 } if !$query->{tcp} && $name =~ /^big/;

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ],
             edns => 1232 } if $name =~ /^big/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.1 : 0,
             close => $name =~ /^after/ ? 'after'
                      : $name =~ /^close/ || $state->{close} ? 1 : 0 };
}

my $u = $t->upstream(8081, \&answer, tcp => 1, probes => 1);
my $v = $t->upstream(8082, sub { { a => '192.0.2.2' } }, tcp => 1);

$t->upstream(8083, sub { { tc => 1 } });
$t->run();

my $port = $t->port(8053);
my $r;

sub queries { grep { $_->{name} eq $_[0] } $u->queries() }

# after TC: the whole answer, as far as the client can take it

$r = dns_query($port, 'big.tc.test', 'TXT', edns => 4096);
is($r->{answers}[0]{data}, $text, 'the whole answer');
is($r->{tc}, 0, 'TC is not set');
is(scalar queries('big.tc.test'), 2, 'asked twice');

$r = dns_query($port, 'big.tc.test', 'TXT', edns => 4096);
is($r->{answers}[0]{data}, $text, 'from the cache');
is(scalar queries('big.tc.test'), 2, 'not asked again');

$r = dns_query($port, 'big.tc.test', 'TXT', edns => 1232);
is($r->{tc}, 1, 'TC for a client with less room');
is(scalar @{$r->{answers}}, 0, 'no part of an RRset');

is_deeply(dns_bulk($port, 60, name => sub { "big$_[0].tc.test" },
                   type => 'TXT', window => 5), { 'TC' => 60 },
          'places at the server are given back') or diag explain $r;

# a server that does not listen on TCP

$r = dns_query($port, 'a.udponly.test', 'A');
is($r->{tc}, 1, 'TC when there is no TCP');
is($r->{rcode}, 'NOERROR', 'not a failure');

# tcp://

my $before = $u->accepted();

is_deeply(dns_bulk($port, 300, name => sub { "q$_[0].lone.test" },
                   window => 50), { '192.0.2.1' => 300 }, 'tcp://');
cmp_ok($u->accepted() - $before, '<=', 8, 'few connections');
is((grep { $_->{name} =~ /^q\d+\.lone/ } $u->queries()), 300, 'each asked once');

my @order;
dns_bulk($port, 2, name => sub { $_[0] ? 'fast.lone.test' : 'slow.lone.test' },
         window => 2, each => sub { push @order, $_[0] });
is("@order", '1 0', 'answers in any order');

like($t->read_file('dns.log'), qr!^fast.lone.test NOERROR tcp://127!m, 'log');

# health checks go the same way

ok($t->wait_for(sub { $u->count('.') >= 3 }), 'checked');
unlike($t->error_log(), qr/is down/, 'and well');

# connections that end

is(dns_query($port, 'after.tcp.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'closed after an answer');
is(dns_query($port, 'next.tcp.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'the next one has a new connection');

$r = dns_query($port, 'close.tcp.test', 'A');
is($r->{answers}[0]{data}, '192.0.2.2', 'closed without an answer: the next');

$u->set(close => 1);
is_deeply(dns_bulk($port, 20, name => sub { "r$_[0].tcp.test" }, window => 5),
          { '192.0.2.2' => 20 }, 'always closed: the other server');
$u->set(close => 0);

# no connection

is_deeply(dns_bulk($port, 20, name => sub { "q$_[0].closed.test" }),
          { '192.0.2.2' => 20 }, 'refused: the next server');
like($t->error_log(), qr!server tcp://127\S+ left out .* upstream unreachable!,
     'is left out');

# an idle connection does not keep a worker

$t->wait_for(sub { dns_query($port, 'idle.tcp.test', 'A')->{answers}[0]{data}
                   eq '192.0.2.1' }, 3);
my ($old) = $t->workers();
$t->reload();
ok($t->wait_for(sub { !kill 0, $old }, 3), 'reload');
is(dns_query($port, 'new.tcp.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'the new worker asks');
