#!/usr/bin/perl

# Tests for dns_xdp: what the kernel answers counts as use of the cache, so that
# it stays there, and what the cache drops the kernel drops, too.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;

my $t = own_kernel()->plan(5);

# room for some 600 answers

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'metrics');
dns_cache_zone  zone=c:64k;
dns_xdp         lo entries=64;

server {
    listen        127.0.0.1:%%PORT_8053%% udp;
    dns_cache     c;
    dns_xdp       on;
    dns_forward   . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1', ttl => 600 } });

$t->run();

my $page = $t->port(8080);

my $n = 0;

# Nobody asks for it any more: it makes room for others, there as here.  What is
# asked for but once would not push it out of the cache.

ok(hot('cold.test'), 'a hot name');

# a slow server may have been asked more than once

my $asked = $up->count('cold.test');

flood(200, 2) while $n < 6000;

ok($t->wait_for(sub { ask('cold.test'); $up->count('cold.test') > $asked }, 5),
   'what nobody asks for is dropped by both');

# the kernel's hits are told once a second

ok(hot('hot.test'), 'another one');
$asked = $up->count('hot.test');

for (1 .. 6) {
    flood(150, 1);
    ask('hot.test') for 1 .. 4;
    select undef, undef, undef, 1.2;
}

is($up->count('hot.test'), $asked, 'what the kernel answers stays in the cache');

# more hot names than there are entries

for my $round (1 .. 3) {
    for my $i (1 .. 300) {
        ask("h$i.test") for 1 .. 2;
    }
}

cmp_ok(metrics($page)->{nginx_dns_xdp_entries}, '<=', 64, 'no more than fit');

###############################################################################

sub ask { dns_query($t->port(8053), $_[0], 'A') }

sub flood {
    my ($more, $times) = @_;

    my $first = $n;

    for (1 .. $times) {
        dns_bulk($t->port(8053), $more,
                 name => sub { 'q' . ($first + $_[0]) . '.test' });
    }

    $n += $more;
}

sub hot {
    my ($name) = @_;

    return until_hot($t, $page, sub { ask($name) });
}

###############################################################################
