#!/usr/bin/perl

# Tests for EDNS and sizes of answers: OPT is hop by hop, TC at the limit.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(27);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen            127.0.0.1:%%PORT_8054%% udp;
    dns_forward       . 127.0.0.1:%%PORT_8081%%;
    dns_udp_max_size  700;
}
EOF_CONF

# as many records as the first label says, each of 23 octets

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($n) = $query->{qname} =~ /^(\d+)/;

    return { answers => [ map { [ $query->{qname_raw}, 'A', 60,
                                  "192.0.2.$_" ] } 1 .. $n ],
             edns => $query->{edns} && { size => 4096,
                 options => [ [ 10, 'server cookie 16' ],
                              [ 15, "\0\x06text" ] ] } };
});

$t->run();

my $port = $t->port(8053);
my ($r, $q);

$r = dns_query($port, '1.test', 'A');
is($r->{edns}, undef, 'no OPT without one of the client');
($q) = grep { $_->{name} eq '1.test' } $u->queries();
is(Test::Nginx::DNS::Message::decode($q->{raw})->{edns}, undef,
   'nor upstream');

$r = dns_query($port, '1.edns.test', 'A',
               edns => { size => 4096, do => 1,
                         options => [ [ 10, 'cookie12' ], [ 65001, 'x' ] ] });
is($r->{rcode}, 'NOERROR', 'unknown option');
is($r->{edns}{size}, 1232, 'our size');
is($r->{edns}{do}, 1, 'DO is copied');
is($r->{edns}{version}, 0, 'version');
is_deeply($r->{ede}, { code => 6, text => '' }, 'the EDE of the server');
is(@{$r->{edns}{options}}, 1, 'no cookie of the server');

($q) = grep { $_->{name} eq '1.edns.test' } $u->queries();
$q = Test::Nginx::DNS::Message::decode($q->{raw});
is($q->{edns}{size}, 1232, 'upstream: our size');
is($q->{edns}{do}, 1, 'upstream: DO');
is_deeply($q->{edns}{options}, [], 'upstream: no option of the client');

$r = dns_query($port, '1.v1.test', 'A', edns => { version => 1 });
is($r->{rcode}, 'BADVERS', 'version 1');
is($r->{edns}{version}, 0, 'ours');

# sizes

$r = dns_query($port, '21.test', 'A');
is($r->{tc}, 0, '12 + 13 + 21 * 23 is under 512');
is(@{$r->{answers}}, 21, 'all records');

$r = dns_query($port, '22.test', 'A');
is($r->{tc}, 1, 'over 512: TC');
is(@{$r->{answers}}, 0, 'the RRset goes whole');
is($r->{rcode}, 'NOERROR', 'rcode stays');
ok($r->{size} <= 512, 'size');

$r = dns_query($port, '51.test', 'A', edns => 4096);
is(@{$r->{answers}}, 51, 'up to 1232 with EDNS');

$r = dns_query($port, '50.test', 'A', edns => 1000);
is($r->{tc}, 1, 'the size of the client counts');
ok($r->{size} <= 1000, 'its size');
is($r->{edns}{size}, 1232, 'the OPT is there');

$r = dns_query($port, '70.test', 'A', edns => 100);
is($r->{tc}, 1, 'below 512 is 512');

$r = dns_query($t->port(8054), '70.test', 'A', edns => 4096);
is($r->{tc}, 1, 'dns_udp_max_size');
is($r->{edns}{size}, 700, 'is announced');
$r = dns_query($t->port(8054), '28.test', 'A', edns => 4096);
is(@{$r->{answers}}, 28, 'up to it');
