#!/usr/bin/perl

# Tests for servers over TCP that close each connection after an answer (RFC
# 7766, 6.2.4).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF');
dns_upstream each {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream some {
    server        tcp://127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

dns_upstream never {
    server        tcp://127.0.0.1:%%PORT_8083%%;
    health_check  off;
}

dns_upstream once {
    server        tcp://127.0.0.1:%%PORT_8084%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . each;
    dns_forward  some.test some;
    dns_forward  never.test never;
    dns_forward  once.test once;
}
EOF_CONF

my $each = $t->upstream(8081, sub {
    return { a => '192.0.2.1', close => 'after' };
}, tcp => 1);

my $n = 0;

$t->upstream(8082, sub {
    return { a => '192.0.2.2', ++$n % 7 ? () : (close => 'after') };
}, tcp => 1);

my $never = $t->upstream(8083, sub { { close => 1 } }, tcp => 1);

# one that restarts: it closes a connection early, and not because of queries

my $closes = 1;

my $once = $t->upstream(8084, sub {
    my ($query) = @_;

    return $closes-- > 0 ? { close => 1 } : { a => '192.0.2.4' };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

is_deeply(dns_bulk($port, 100, window => 100), { '192.0.2.1' => 100 },
          'a burst, one answer a connection');
is_deeply(dns_bulk($port, 100, window => 100, name => sub { "b$_[0].test" }),
          { '192.0.2.1' => 100 }, 'and another one');
is_deeply(dns_bulk($port, 200, window => 100,
                   name => sub { "c$_[0].some.test" }),
          { '192.0.2.2' => 200 }, 'closed now and then');

is_deeply(dns_bulk($port, 10, window => 10, name => sub { "d$_[0].never.test" }),
          { SERVFAIL => 10 }, 'no answer at all');
cmp_ok($never->accepted(), '<', 40, 'is not tried for ever');

is(dns_query($port, 'e.once.test', 'A')->{answers}[0]{data}, '192.0.2.4',
   'closed once');
is_deeply(dns_bulk($port, 400, window => 20, name => sub { "f$_[0].once.test" }),
          { '192.0.2.4' => 400 }, 'and not again');
cmp_ok($once->accepted(), '<', 80, 'many queries on a connection');
