#!/usr/bin/perl

# Tests for a worker with few connections: none is taken from a client whose
# query is being looked at.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', connections => 48);
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

sub soa { [ 'z.test', 'SOA', 60, 'ns.test hm.test 1 3600 600 86400 300' ] }

$t->upstream(8081, sub {
    my ($query) = @_;

    return $query->{qtype} eq 'AXFR' ? { answers => [ soa(), soa() ] }
                                     : { a => '192.0.2.1' };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);
my ($transfers, $closed) = (0, 0);

# with so many idle ones that nginx looks for some to close, the oldest, which
# sends a query that needs a connection itself

for my $n (10 .. 60) {
    my @s = map { dns_connect($port) } 1 .. $n;

    # each is known to be idle

    for my $s (@s) {
        $s->send([ 'a.test', 'A' ]);
        $s->answer(1);
    }

    my ($oldest, $r);

    for (@s) {
        next if $_->closed(0.1);
        $oldest = $_;
        last;
    }

    if ($oldest) {
        $oldest->send([ 'z.test', 'AXFR' ]);
        $r = $oldest->answer(2);
    }

    $r && $r->{rcode} eq 'NOERROR' && @{$r->{answers}} == 2 ? $transfers++
                                                            : $closed++;
    $_->close() for @s;
}

is($transfers, 51, 'all transfers');
is($closed, 0, 'no connection is closed under its query');
is(scalar $t->workers(), 1, 'the worker lives');
is(dns_query($port, 'b.test', 'A')->{rcode}, 'NOERROR', 'and answers');
