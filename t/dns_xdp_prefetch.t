#!/usr/bin/perl

# Tests for dns_xdp with dns_cache_prefetch: the last part of a TTL is left to
# the socket, so that a name which only the kernel answers is refreshed, too.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;

use Time::HiRes qw/ sleep /;

my $t = own_kernel()->plan(5);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:1m;
dns_xdp         lo entries=64;

server {
    listen              127.0.0.1:%%PORT_8053%% udp;
    dns_cache           c;
    dns_cache_prefetch  90 hits=1;
    dns_xdp             on;
    dns_forward         . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

# of 60 seconds 6 are the kernel's

my $up = $t->upstream(8081, sub { { a => '192.0.2.1', ttl => 60 } });

$t->run();

my $page = $t->port(8080);

sub ask { dns_query($t->port(8053), 'hot.test', 'A') }

ok(until_hot($t, $page, \&ask), 'a hot name');

# nobody but the kernel answers until then

ok($t->wait_for(sub { ask(); sleep 0.1; $up->count('hot.test') > 1 }, 30),
   'it is refreshed');

my ($first, $second) = map { $_->{time} } $up->queries();

cmp_ok($second - $first, '>=', 5, 'not before its time');

my $m = metrics($page);

cmp_ok(total($m, 'nginx_dns_cache_prefetches_total'), '>=', 1, 'as a prefetch');
is(total($m, 'nginx_dns_cache_misses_total'), 1,
   'it never was missing');
