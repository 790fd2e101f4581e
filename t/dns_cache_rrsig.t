#!/usr/bin/perl

# Tests for dns_cache: signatures bound the time, sizes bound the answer.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}
EOF_CONF

# RRSIG: type covered, algorithm, labels, original TTL, expiration, inception,
# key tag, signer, signature

sub rrsig {
    my ($left) = @_;
    return pack('nCCNNNn', 1, 8, 2, 3600, time() + $left, time() - 1000, 7)
           . "\4test\0" . 'x' x 64;
}

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    if ($query->{qname} =~ /^many/) {
        return { answers => [ map { [ $query->{qname_raw}, 'A', 300,
                                      "192.0.2.$_" ] } 1 .. 45 ] };
    }

    my ($left) = $query->{qname} =~ /(\d+)/;
    my $name = Test::Nginx::DNS::Message::encode_name($query->{qname_raw});
    my $sig = rrsig($left - 100);

    return { answers => [ [ $query->{qname_raw}, 'A', 3600, '192.0.2.1' ],
        $name . pack('nnNn/a*', 46, 1, 3600, $sig) ] };
});

$t->run();

my $port = $t->port(8053);
my $r;

# the numbers have 100 added, there are no negative ones in names

dns_query($port, 's130.test', 'A', do => 1);
$r = dns_query($port, 's130.test', 'A', do => 1);
is($u->count('s130.test'), 1, 'signed: stored');
cmp_ok($r->{answers}[0]{ttl}, '<=', 30, 'not longer than its signature');
cmp_ok($r->{answers}[1]{ttl}, '<=', 30, 'all records');

dns_query($port, 's90.test', 'A', do => 1) for 1, 2;
is($u->count('s90.test'), 2, 'with an expired signature: not stored');

# an answer in the cache that is too long for a client

$r = dns_query($port, 'many.test', 'A', edns => 1232);
is(@{$r->{answers}}, 45, 'whole');
$r = dns_query($port, 'many.test', 'A');
is($r->{tc}, 1, 'TC for who takes less');
is(@{$r->{answers}}, 0, 'no part of an RRset');
is($u->count('many.test'), 1, 'from the cache');
