#!/usr/bin/perl

# Tests for dns_upstream: least_time prefers the server that answers sooner.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_next_upstream off;

dns_upstream u {
    least_time;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

my $slow = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return { a => '192.0.2.1', delay => $state->{delay} // 0.1 };
});
my $fast = $t->upstream(8082, sub {
    my ($query, $state) = @_;
    return { a => '192.0.2.2', delay => $state->{delay} // 0.002 };
});

$t->run();

dns_bulk($t->port(8053), 20, window => 1);      # the times get known

my $r = dns_bulk($t->port(8053), 1000, window => 10);

is(($r->{'192.0.2.1'} // 0) + $r->{'192.0.2.2'}, 1000, 'answered');
cmp_ok($r->{'192.0.2.2'}, '>', 800, 'fast one gets most');

# now it is the other way round

$slow->set(delay => 0.002);
$fast->set(delay => 0.1);

ok($t->wait_for(sub {
    $r = dns_bulk($t->port(8053), 100, window => 10);
    return ($r->{'192.0.2.1'} // 0) > 70;
}, 20), 'follows a change');

###############################################################################
