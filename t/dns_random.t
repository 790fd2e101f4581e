#!/usr/bin/perl

# Tests for dns_upstream: random follows weights by chance.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_stream(<<'EOF_CONF', workers => 2);
# a late answer must not send a query on to another server

dns_next_upstream off;

dns_upstream u {
    random;
    server 127.0.0.1:%%PORT_8081%% weight=3;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my @order;
my $r = dns_bulk($t->port(8053), 4000, each => sub { push @order, $_[1] });

# 27 is the standard deviation of 4000 draws

is($r->{'192.0.2.1'} + $r->{'192.0.2.2'}, 4000, 'answered');
cmp_ok($r->{'192.0.2.1'}, '>', 3000 - 27 * 6, 'weight, not less');
cmp_ok($r->{'192.0.2.1'}, '<', 3000 + 27 * 6, 'weight, not more');

# chance has streaks, round robin has not

@order = ();
dns_bulk($t->port(8053), 400, window => 1,
         each => sub { push @order, $_[1] eq '192.0.2.1' ? 1 : 0 });

my $order = join '', @order;

like($order, qr/00/, 'two of the light one in a row');
like($order, qr/11111/, 'five of the heavy one in a row');

###############################################################################
