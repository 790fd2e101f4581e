#!/usr/bin/perl

# Tests for dns_upstream: sequential takes the first server that is usable,
# in the order of the configuration.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream_timeout 300ms;

dns_upstream u {
    sequential;
    server 127.0.0.1:%%PORT_8081%% max_fails=1 fail_timeout=30s;
    server 127.0.0.1:%%PORT_8082%% weight=100;
    server 127.0.0.1:%%PORT_8083%%;

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
} 1 .. 3;

$t->run();

is_deeply(dns_bulk($t->port(8054), 200), { '192.0.2.1' => 200 }, 'first');
is($up[1]->count(), 0, 'second not asked');
is($up[2]->count(), 0, 'third not asked');

$up[0]->set(drop => 1);

is(dns_query($t->port(8053), 'a.test', 'A')->{answers}[0]{data},
   '192.0.2.2', 'second when the first is silent');
is($up[0]->count('a.test'), 1, 'first was asked once');

# it is ejected when its time is over, for all workers

$t->wait_for(sub { $t->error_log() =~ /left out/ });

my $asked = $up[0]->count();

is_deeply(dns_bulk($t->port(8054), 200, sockets => 16),
          { '192.0.2.2' => 200 }, 'second while the first is ejected');
is($up[0]->count(), $asked, 'first left alone');
is($up[2]->count(), 0, 'third left alone');

###############################################################################
