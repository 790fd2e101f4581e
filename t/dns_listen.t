#!/usr/bin/perl

# Tests for listeners: wildcard, specific, IPv6, several servers and ports.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(18);

$t->write_stream(<<'EOF_CONF', workers => 2);
server {
    listen       %%PORT_8053%% udp;
    listen       [::]:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8054%% udp;
    listen       127.0.0.1:%%PORT_8055%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

# shares the wildcard's socket

server {
    listen       127.0.0.3:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8082%%;
}

# has its own

server {
    listen       127.0.0.4:%%PORT_8053%% udp bind;
    dns_forward  . 127.0.0.1:%%PORT_8083%%;
}

server {
    listen       %%PORT_8056%% udp reuseport;
    listen       [::1]:%%PORT_8056%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8082%%;
}

# one that is not ours

server {
    listen           127.0.0.1:%%PORT_8057%% udp;
    proxy_pass       127.0.0.1:%%PORT_8083%%;
    proxy_responses  1;
}
EOF_CONF

for my $n (1 .. 3) {
    $t->upstream(8080 + $n, sub { { a => "192.0.2.$n" } });
}

$t->run();

# the client's sockets are connected: an answer from another address than
# the one that was asked would not be seen

sub from {
    my ($addr, $port) = @_;
    my $r = dns_query($t->port($port), 'a.test', 'A', addr => $addr,
                      timeout => 2);
    return $r ? $r->{answers}[0]{data} : 'nothing';
}

is(from('127.0.0.1', 8053), '192.0.2.1', 'wildcard');
is(from('127.0.0.2', 8053), '192.0.2.1', 'wildcard, another address');
is(from('127.5.6.7', 8053), '192.0.2.1', 'wildcard, one more');
is(from('::1', 8053), '192.0.2.1', 'wildcard, IPv6');
is(from('127.0.0.3', 8053), '192.0.2.2', 'server by address');
is(from('127.0.0.4', 8053), '192.0.2.3', 'server by a socket of its own');
is(from('127.0.0.1', 8054), '192.0.2.1', 'another port');
is(from('127.0.0.1', 8055), '192.0.2.1', 'reuseport');
is(from('127.0.0.1', 8056), '192.0.2.2', 'wildcard, reuseport');
is(from('127.0.0.9', 8056), '192.0.2.2', 'wildcard, reuseport, its address');
is(from('::1', 8056), '192.0.2.2', 'IPv6, reuseport');
is(from('127.0.0.1', 8057), '192.0.2.3', 'a proxied one beside');

for my $port (8053 .. 8056) {
    is_deeply(dns_bulk($t->port($port), 2000, window => 150, sockets => 16),
              { $port == 8056 ? '192.0.2.2' : '192.0.2.1', 2000 },
              "many, $port");
}

is_deeply(dns_bulk($t->port(8053), 1000, addr => '::1', window => 150),
          { '192.0.2.1' => 1000 }, 'many, IPv6');
is_deeply(dns_bulk($t->port(8053), 1000, addr => '127.0.0.3', window => 150),
          { '192.0.2.2' => 1000 }, 'many, by address');
