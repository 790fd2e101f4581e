#!/usr/bin/perl

# Tests for dns_cache and dns_cache_negative_ttl: negative answers (RFC 2308).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(23);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen                  127.0.0.1:%%PORT_8054%% udp;
    dns_forward             . 127.0.0.1:%%PORT_8081%%;
    dns_cache               c;
    dns_cache_negative_ttl  5 10;
}

server {
    listen                  127.0.0.1:%%PORT_8055%% udp;
    dns_forward             . 127.0.0.1:%%PORT_8082%%;
    dns_cache               c;
    dns_cache_negative_ttl  5 10;
}
EOF_CONF

# the TTL of the SOA, and its MINIMUM, stand in the name

sub answer {
    my ($query) = @_;
    my ($kind, $ttl, $min) = $query->{qname} =~ /^(\w+?)-(\d+)-(\d+)/;
    my @soa = [ 'test', 'SOA', $ttl, "ns.test admin.test 1 2 3 4 $min" ];

    return $kind eq 'nx' ? { rcode => 'NXDOMAIN', authority => \@soa }
        : $kind eq 'nodata' ? { answers => [], authority => \@soa }
        : $kind eq 'cname' ? { answers => [
              [ $query->{qname}, 'CNAME', 50, 'target.test' ] ],
              authority => \@soa }
        : $kind eq 'nosoa' ? { rcode => 'NXDOMAIN' }
        : $kind eq 'empty' ? { answers => [] }
        : { answers => [], authority => [
              [ 'sub.test', 'NS', 3600, 'ns.sub.test' ] ] };
}

my $u = $t->upstream(8081, \&answer);
my $v = $t->upstream(8082, \&answer);

$t->run();

my $port = $t->port(8053);

sub twice {
    my ($name, $p) = @_;
    dns_query($t->port($p // 8053), $name, 'A');
    return dns_query($t->port($p // 8053), $name, 'A');
}

my $r;

# RFC 2308, 5: the lesser of both

$r = twice('nx-300-60.test');
is($r->{rcode}, 'NXDOMAIN', 'NXDOMAIN');
is($u->count('nx-300-60.test'), 1, 'NXDOMAIN is stored');
is($r->{authority}[0]{type}, 'SOA', 'with its SOA');
ok($r->{authority}[0]{ttl} <= 60 && $r->{authority}[0]{ttl} >= 58,
   'for the MINIMUM');

$r = twice('nx-30-600.test');
ok($r->{authority}[0]{ttl} <= 30 && $r->{authority}[0]{ttl} >= 28,
   'for the TTL of the SOA');

$r = twice('nodata-300-60.test');
is($r->{rcode}, 'NOERROR', 'NODATA');
is($u->count('nodata-300-60.test'), 1, 'NODATA is stored');

$r = twice('cname-300-60.test');
is($u->count('cname-300-60.test'), 1, 'NODATA behind a CNAME is stored');
ok($r->{answers}[0]{ttl} <= 50, 'the CNAME as long as it says');

twice('nosoa-1-1.test');
is($u->count('nosoa-1-1.test'), 2, 'no SOA, not stored: NXDOMAIN');
twice('empty-1-1.test');
is($u->count('empty-1-1.test'), 2, 'no SOA, not stored: NODATA');
twice('referral-1-1.test');
is($u->count('referral-1-1.test'), 2, 'a referral is not stored');

twice('nx-0-60.test');
is($u->count('nx-0-60.test'), 2, 'for no time: not stored');

$r = twice('nx-86400-86400.test');
ok($r->{authority}[0]{ttl} <= 3600, 'an hour at most');

dns_query($port, 'nx-1-60.test', 'A');
sleep 1.2;
dns_query($port, 'nx-1-60.test', 'A');
is($u->count('nx-1-60.test'), 2, 'it ends');

# dns_cache_negative_ttl 5 10

$r = twice('nx-300-300.test', 8055);
is($v->count('nx-300-300.test'), 1, 'stored');
ok($r->{authority}[0]{ttl} <= 10 && $r->{authority}[0]{ttl} >= 8, 'maximum');
$r = twice('nx-300-1.test', 8055);
is($v->count('nx-300-1.test'), 1, 'stored');
ok($r->{authority}[0]{ttl} <= 5 && $r->{authority}[0]{ttl} >= 3, 'minimum');

# another type of a name that does not exist is asked for

dns_query($port, 'nx-300-60.test', 'AAAA');
is($u->count('nx-300-60.test'), 2, 'the answer is for its type');

# what the first client gets is what the server said

$r = dns_query($port, 'nx-7200-7200.test', 'A');
is($r->{authority}[0]{ttl}, 7200, 'the first answer is untouched');

is((() = $t->read_file('dns.log') =~ /^nx-300-60.test A NXDOMAIN HIT$/mg), 1,
   'log: NXDOMAIN');
is((() = $t->read_file('dns.log') =~ /^nodata-300-60.test A NOERROR HIT$/mg),
   1, 'log: NODATA');
