#!/usr/bin/perl

# Tests for dns_upstream: max_fails and fail_timeout eject a server that does
# not answer, and let it back.

use warnings;
use strict;

use Test::More;
use Time::HiRes qw/ sleep /;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(12);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream_timeout 200ms;

dns_upstream u {
    health_check off;
    server 127.0.0.1:%%PORT_8081%% max_fails=2 fail_timeout=2s;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream never {
    health_check off;
    server 127.0.0.1:%%PORT_8083%% max_fails=0;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream closed {
    health_check off;
    server 127.0.0.1:%%PORT_8089%% max_fails=1 fail_timeout=30s;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp;
    dns_forward . never;
}

server {
    listen      127.0.0.1:%%PORT_8055%% udp;
    dns_forward . closed;
}

# here a late answer does not send a query on to another server

server {
    listen            127.0.0.1:%%PORT_8056%% udp reuseport;
    dns_forward       . u;
    dns_next_upstream off;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return $state->{drop} ? () : { a => '192.0.2.1' };
});

my $silent = $t->upstream(8083, sub { () });

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $port = $t->port(8053);
my $steady = $t->port(8056);

is_deeply(dns_bulk($steady, 100), { '192.0.2.1' => 50, '192.0.2.2' => 50 },
          'both');

# every second query meets the silent server, until two have

$u->set(drop => 1);
$u->reset();

is_deeply(dns_bulk($port, 20, window => 1, sockets => 1),
          { '192.0.2.2' => 20 }, 'all answered by the other');
is($u->count(), 2, 'ejected after max_fails');

# it is a failure when the whole time is over

ok($t->wait_for(sub {
    $t->error_log() =~ /127\.0\.0\.1:@{[ $t->port(8081) ]}/;
}), 'logged');
like($t->error_log(), qr/\[warn\].*"u"/, 'logged with its upstream');

is_deeply(dns_bulk($steady, 100, sockets => 16), { '192.0.2.2' => 100 },
          'ejected in all workers');
is($u->count(), 2, 'left alone');

# one query tries it after fail_timeout, and it is silent still

sleep 2.1;
dns_bulk($port, 20, window => 1);
is($u->count(), 3, 'tried once after fail_timeout');

# it answers again

$u->set(drop => 0);

ok($t->wait_for(sub {
    return (dns_bulk($steady, 20)->{'192.0.2.1'} // 0) == 10;
}, 10), 'back');

# max_fails=0

is_deeply(dns_bulk($t->port(8054), 10, window => 1), { '192.0.2.2' => 10 },
          'never ejected, others answer');
cmp_ok($silent->count(), '>=', 5, 'never ejected');

# a closed port

is_deeply(dns_bulk($t->port(8055), 20, window => 1), { '192.0.2.2' => 20 },
          'closed port');

###############################################################################
