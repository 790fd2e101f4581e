#!/usr/bin/perl

# Tests for a binary upgrade that is taken back, where the new binary had sockets
# of its own for an address of the old one ("reuseport"): what the kernel has
# chosen them for is not lost.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->daemon()->plan(4);

sub config {
    my ($listen) = @_;

    $t->write_stream(<<EOF_CONF, workers => 2);
server {
    listen       127.0.0.1:%%PORT_8053%% udp $listen;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF
}

$t->upstream(8081, \&numbered);

config('');
$t->run();

for my $n (1 .. 2) {
    my $load = dns_load($t->port(8053), window => 50, sockets => 16,
                        timeout => 10);

    sleep 0.2;
    config('reuseport');
    ok($t->upgrade(back => 1), 'taken back');
    sleep 0.3;

    my $r = $load->stop();

    delete $r->{right};
    is_deeply($r, {}, 'nothing is lost');
}
