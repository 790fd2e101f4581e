#!/usr/bin/perl

# Tests for dns_cache_prefetch: popular answers are refreshed in time.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen              127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward         . 127.0.0.1:%%PORT_8081%%;
    dns_cache           c;
    dns_cache_prefetch  50 hits=2;
}

server {
    listen              127.0.0.1:%%PORT_8054%% udp;
    dns_forward         . 127.0.0.1:%%PORT_8082%%;
    dns_cache           c;
    dns_cache_prefetch  off;
}
EOF_CONF

sub answer {
    return { a => '192.0.2.1', ttl => 4, delay => 0.05 };
}

my $u = $t->upstream(8081, \&answer);
my $v = $t->upstream(8082, \&answer);

$t->run();

my $port = $t->port(8053);

dns_query($port, $_, 'A') for qw/ popular.test rare.test /;
dns_query($t->port(8054), 'popular.test', 'A');

is_deeply(dns_bulk($port, 200, name => 'popular.test', sockets => 16),
          { '192.0.2.1' => 200 }, 'asked often');
is($u->count('popular.test'), 1, 'not yet');

# more than half of its time is over

sleep 2.6;

is_deeply(dns_bulk($port, 200, name => 'popular.test', sockets => 16),
          { '192.0.2.1' => 200 }, 'asked near the end');
dns_query($port, 'rare.test', 'A');
dns_bulk($t->port(8054), 200, name => 'popular.test');
sleep 0.3;

is($u->count('popular.test'), 2, 'refreshed once, not by each worker');
is($u->count('rare.test'), 1, 'not one that is rarely asked');
is($v->count('popular.test'), 1, 'off');
