#!/usr/bin/perl

# Tests for malformed messages of zone transfers: at first another server is
# asked, later the client's connection ends.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http');

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream_timeout  5s;

dns_upstream two {
    sequential;
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . two;
}
EOF_CONF

# what is done to a message

my %bad = (
    query      => { flags => 0x0400 },
    opcode     => { flags => 0xa400 },
    truncated  => { flags => 0x8600 },
    rcode      => { flags => 0x8402 },
    header     => { truncate => 11 },
    cut        => { truncate => 40 },
    noquestion => { question => '' },
);

my @first = qw/ query opcode truncated header cut noquestion /;
my @later = qw/ query opcode truncated rcode header cut /;

$t->plan(@first + @later + 1);

# "cut.first.test" is answered with a message that is cut, "cut.later.test"
# with one after a good one

sub zone {
    my ($query, $serial) = @_;

    my $soa = [ $query->{qname}, 'SOA', 60, "ns hm $serial 1 1 1 1" ];

    return $soa, [ "a.$query->{qname}", 'A', 60, '192.0.2.1' ], $soa;
}

$t->upstream(8081, sub {
    my ($query) = @_;
    my ($how, $when) = $query->{qname} =~ /^(\w+)\.(\w+)/;
    my ($soa, $rr) = zone($query, 7);

    return { answers => [ $soa, $rr, $soa ], %{$bad{$how}} }
        if $when eq 'first';

    return ({ answers => [ $soa, $rr ] },
            { answers => [ $rr, $soa ], %{$bad{$how}} });
}, tcp => 1);

$t->upstream(8082, sub { return { answers => [ zone($_[0], 9) ] } }, tcp => 1);

$t->run();

# the records of each message, and whether the connection has ended

sub transfer {
    my ($name, $n) = @_;

    my $s = dns_connect($t->port(8053));
    my $got = '';

    $s->send([ $name, 'AXFR' ]);

    for (1 .. $n) {
        my $r = $s->answer(10) or last;

        $got .= "$r->{rcode} " . join(' ', map { $_->{data} =~ /^ns hm (\d)/
                                                 ? $1 : 'a' } @{$r->{answers}});
    }

    return $got . ($n > 1 && $s->closed(10) ? ', closed' : '');
}

for my $how (@first) {
    is(transfer("$how.first.test", 1), 'NOERROR 9 a 9',
       "$how: the next server is asked");
}

for my $how (@later) {
    is(transfer("$how.later.test", 2), 'NOERROR 7 a, closed',
       "$how: a later one breaks it off");
}

my $m = metrics($t->port(8080));

is(total($m, 'nginx_dns_upstream_unmatched_total', qr/reason="malformed"/),
   @first + @later, 'all are counted');
