#!/usr/bin/perl

# Tests for TTLs in the cache, dns_cache_min_ttl and dns_cache_max_ttl.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(15);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen             127.0.0.1:%%PORT_8054%% udp;
    dns_forward        . 127.0.0.1:%%PORT_8082%%;
    dns_cache          c;
    dns_cache_min_ttl  20;
    dns_cache_max_ttl  30s;
}
EOF_CONF

sub answer {
    my ($query) = @_;
    my @ttls = $query->{qname} =~ /(\d+)/g;

    return { answers => [ map { [ $query->{qname_raw}, 'A', $ttls[$_],
                                  "192.0.2.$_" ] } 0 .. $#ttls ] };
}

my $u = $t->upstream(8081, \&answer);
my $v = $t->upstream(8082, \&answer);

$t->run();

my $r;

sub ttls { join ' ', map { $_->{ttl} } @{$_[0]{answers}} }

sub twice {
    my ($p, $name) = @_;
    dns_query($t->port($p), $name, 'A');
    return dns_query($t->port($p), $name, 'A');
}

# the rest of a second may pass between two queries

twice(8053, '0.test');
is($u->count('0.test'), 2, 'TTL 0 is not stored');
twice(8053, '100-0.test');
is($u->count('100-0.test'), 2, 'nor with one record of it');
twice(8053, '2147483648.test');
is($u->count('2147483648.test'), 2, 'RFC 2181, 8: top bit set is 0');

like(ttls(twice(8053, '100-50.test')), qr/^(100 50|99 49)$/, 'each its own');

dns_query($t->port(8053), '100-1.test', 'A');
sleep 1.3;
dns_query($t->port(8053), '100-1.test', 'A');
is($u->count('100-1.test'), 2, 'the least one ends the answer');

dns_query($t->port(8053), '1.test', 'A');
is(ttls(dns_query($t->port(8053), '1.test', 'A')) <= 1 ? 1 : 0, 1,
   'never raised');
is(ttls(twice(8053, '604800.test')) <= 86400 ? 1 : 0, 1, 'a day at most');
is(ttls(dns_query($t->port(8053), '90000.test', 'A')), 90000,
   'the first answer is untouched');

# dns_cache_min_ttl 20, dns_cache_max_ttl 30s

like(ttls(twice(8054, '100.test')), qr/^(30|29)$/, 'maximum');
like(ttls(twice(8054, '5.test')), qr/^(20|19)$/, 'minimum');
like(ttls(twice(8054, '25.test')), qr/^(25|24)$/, 'between');
like(ttls(twice(8054, '0.test')), qr/^(20|19)$/, 'minimum of TTL 0');
is($v->count('0.test'), 1, 'is stored');
like(ttls(twice(8054, '100-5.test')), qr/^(30 20|29 19)$/, 'of each record');
is($v->count('100-5.test'), 1, 'stored');
