#!/usr/bin/perl

# Tests for dns_upstream: "backup" servers are asked when no other server is
# usable, and no longer than that.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream_timeout 300ms;

dns_upstream u {
    server 127.0.0.1:%%PORT_8081%% max_fails=1 fail_timeout=1s;
    server 127.0.0.1:%%PORT_8082%% max_fails=1 fail_timeout=1s;
    server 127.0.0.1:%%PORT_8083%% backup;
    server 127.0.0.1:%%PORT_8084%% backup;

    # a check that passes would bring back what is left out

    health_check off;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}

# here a late answer does not send a query on to another server

server {
    listen            127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward       . u;
    dns_next_upstream off;
}
EOF_CONF

my @up = map {
    my $a = "192.0.2.$_";
    $t->upstream(8080 + $_, sub {
        my ($query, $state) = @_;
        return $state->{drop} ? () : { a => $a };
    });
} 1 .. 4;

$t->run();

my $port = $t->port(8053);
my $steady = $t->port(8054);

is_deeply(dns_bulk($steady, 100), { '192.0.2.1' => 50, '192.0.2.2' => 50 },
          'primary servers');

# one is left

$up[0]->set(drop => 1);
dns_bulk($port, 4, window => 1);

is($up[2]->count() + $up[3]->count(), 0, 'not asked while one is left');

# none is left

$up[1]->set(drop => 1);
dns_bulk($port, 4, window => 1);

my $r = dns_bulk($steady, 100);

cmp_ok($r->{'192.0.2.3'} // 0, '>=', 40, 'first backup');
cmp_ok($r->{'192.0.2.4'} // 0, '>=', 40, 'second backup');

# they come back

$up[$_]->set(drop => 0) for 0 .. 1;

ok($t->wait_for(sub {
    return ! grep { /192.0.2.[34]/ } keys %{dns_bulk($steady, 20)};
}, 10), 'primary servers again');

$up[$_]->reset() for 2 .. 3;
dns_bulk($steady, 100);

is($up[2]->count() + $up[3]->count(), 0, 'backup at rest');

###############################################################################
