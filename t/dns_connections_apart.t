#!/usr/bin/perl

# Tests for a server that needs all connections there are: the first one to
# each other server is set apart.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

# the worker without the lease asks no server before clients do, and the one
# with it keeps no connection to the last one

$t->write_stream(<<'EOF_CONF', connections => 40, workers => 2);
dns_upstream_timeout       30s;
dns_next_upstream_timeout  30s;

dns_upstream greedy {
    server              tcp://127.0.0.1:%%PORT_8081%%;
    health_check        off;
    keepalive           64;
    keepalive_requests  1;
}

dns_upstream quick {
    server             tcp://127.0.0.1:%%PORT_8083%%;
    health_check       off;
    keepalive_timeout  1ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  greedy.test greedy;
    dns_forward  udp.test 127.0.0.1:%%PORT_8082%%;
    dns_forward  tcp.test quick;
}
EOF_CONF

my $greedy = $t->upstream(8081, sub { () }, tcp => 1);
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->upstream(8083, sub { { a => '192.0.2.3' } }, tcp => 1);

$t->run();

my $port = $t->port(8053);

# which goes on for longer than this test

dns_bulk($port, 400, name => sub { "q$_[0].greedy.test" }, window => 400,
         sockets => 40, timeout => 0.1);

ok($t->wait_for(sub { $greedy->accepted() > 20 }), 'many connections');

is_deeply(dns_bulk($port, 80, name => sub { "q$_[0].udp.test" },
                   sockets => 40), { '192.0.2.2' => 80 }, 'over UDP');

is_deeply(dns_bulk($port, 80, name => sub { "q$_[0].tcp.test" },
                   sockets => 40), { '192.0.2.3' => 80 }, 'over TCP');
