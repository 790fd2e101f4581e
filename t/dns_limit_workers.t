#!/usr/bin/perl

# Tests for dns_limit with several workers: they count a key as one would, for
# a client who asks all of them far more often than it may.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

use IO::Socket::INET;
use Time::HiRes qw/ time /;

use constant RATE => 1000;
use constant BURST => 100;
use constant TIME => 3;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(3);

$t->write_stream(<<'EOF_CONF', workers => 3, pages => 'metrics');
dns_limit_zone  client zone=net:64k rate=1000r/s;

server {
    listen      127.0.0.1:%%PORT_8051%% udp reuseport;
    dns_limit   zone=net burst=100 slip=0;
    dns_host    192.0.2.1 a.test;
}
EOF_CONF

$t->run();

# 48 ports, so that all workers have their part

my $query = "\0\1\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1";

my @sockets = map {
    IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1',
                          PeerPort => $t->port(8051), Blocking => 0)
        or die "socket: $!\n"
} 1 .. 48;

my ($start, $sent, $answers) = (time(), 0, 0);
my $last = $start;

while (time() - $start < TIME) {
    for my $s (@sockets) {
        $sent += defined $s->send($query) for 1 .. 4;
    }

    answers();
}

# a slow worker has some queries to read yet, which are allowed by then

while (time() - $last < 0.5) {
    select undef, undef, undef, 0.01;
    answers();
}

my $took = $last - $start;
my $most = 1.01 * (RATE * $took + BURST + 1);

note(sprintf '%d sent in %.2f s, %d answers of %d', $sent, $took, $answers,
     $most);

cmp_ok($sent, '>', 3 * $most, 'far more than are allowed');
cmp_ok($answers, '<=', $most, 'no more are answered than are allowed');

# on a busy machine there may have been no query for a while

cmp_ok($answers, '>', $most / 3, 'nor far fewer');


sub answers {
    my $data;

    for my $s (@sockets) {
        while (defined $s->recv($data, 512)) {
            $answers++;
            $last = time();
        }
    }
}
