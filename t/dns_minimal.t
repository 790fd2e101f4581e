#!/usr/bin/perl

# Tests for dns_minimal: authority and additional sections of positive answers
# are left out, but for the proof of a wildcard.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ type_name /;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
dns_cache_zone zone=one:1m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_cache    one;
    dns_minimal  on;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;

    dns_zone off.test {
        dns_minimal  off;
        dns_pass     127.0.0.1:%%PORT_8081%%;
    }
}

# the same cache and server

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_cache    one;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

# RDATA: type covered, algorithm, labels, TTL, times, tag, signer, signature

sub rrsig {
    my ($type) = @_;

    return pack('n C C N N N n', $type, 13, 2, 60, time() + 86400,
                time() - 3600, 1) . "\4test\0" . 'signature';
}

my $nsec = "\1z\4test\0" . "\0\1\x40";

$t->upstream(8081, sub {
    my ($q) = @_;
    my $name = $q->{qname};
    my @ns = ([ 'test', 'NS', 60, 'ns.test' ]);

    return { rcode => 'NXDOMAIN', authority => [
        [ 'test', 'SOA', 60, 'ns.test a.test 1 2 3 4 60' ] ] }
        if $name =~ /^nx/;

    return { answers => [ [ $name, 'A', 60, '192.0.2.1' ] ],
             authority => [ @ns, [ 'b.test', 'TYPE47', 60, $nsec ],
                            [ 'b.test', 'RRSIG', 60, rrsig(47) ],
                            [ 'test', 'RRSIG', 60, rrsig(2) ] ],
             additional => [ [ 'ns.test', 'A', 60, '192.0.2.9' ] ],
             edns => { size => 1232, do => 1 } }
        if $name =~ /^wild/;

    return { answers => [ [ $name, 'A', 60, '192.0.2.1' ] ], authority => \@ns,
             additional => [ [ 'ns.test', 'A', 60, '192.0.2.9' ] ] };
});

$t->run();

sub sections {
    my ($port, $name, %o) = @_;
    my $m = dns_query($t->port($port), $name, 'A', %o);

    return join ' ', map { my $s = $_;
        scalar(@{$m->{$s}}) . (@{$m->{$s}} && $s eq 'authority'
            ? '(' . join(',', map { $_->{type} } @{$m->{$s}}) . ')' : '')
    } qw/ answers authority additional /;
}

for my $proto (qw/ udp tcp /) {
    for my $how ('a server', 'the cache') {
        is(sections(8053, "a-$proto.test", proto => $proto), '1 0 0',
           "minimal, from $how, $proto");
    }
}

is(sections(8054, 'a-udp.test'), '1 1(NS) 1', 'off has an entry of its own');
is(sections(8053, 'a-udp.test'), '1 0 0', 'as has on');
is(sections(8053, 'a.off.test'), '1 1(NS) 1', 'a zone without');
is(sections(8053, 'nx.test'), '0 1(SOA) 0', 'negative ones stay whole');

for my $how ('a server', 'the cache') {
    is(sections(8053, 'wild.test', do => 1), '1 2(TYPE47,RRSIG) 0',
       "the proof of a wildcard for DO, from $how");
}

is(sections(8053, 'wild.test'), '1 0 0', 'not without DO');

my $m = dns_query($t->port(8053), 'wild.test', 'A', do => 1);

is($m->{authority}[0]{name}, 'b.test', 'its owner is whole');

$t->plan();
