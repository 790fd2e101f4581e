#!/usr/bin/perl

# Tests for dns_cache_nxdomain_cut: NXDOMAIN covers what is below (RFC 8020).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(26);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;
dns_cache       c;

%%TEST_CACHE_LOG%%

server {
    listen                  127.0.0.1:%%PORT_8053%% udp;
    dns_forward             . 127.0.0.1:%%PORT_8081%%;
    dns_forward             zone.gone.test 127.0.0.1:%%PORT_8082%%;
    dns_cache_nxdomain_cut  on;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};
    my $ttl = $name =~ /short/ ? 2 : 60;

    # "test", "ns.test" and "admin.NAME", pointing into the question

    my $test = pack 'n', 0xc000 + 12 + length($name) - 4;
    my $rdata = "\2ns$test" . "\5admin\xc0\x0c" . pack 'N5', 1 .. 4, $ttl;

    return $name =~ /^(?:.*\.)?(?:gone|short|add)\.test$/
        ? { rcode => 'NXDOMAIN',
            authority => [ pack 'a2nnNn/a*', $test, 6, 1, $ttl, $rdata ],
            $name =~ /add/
                ? (additional => [ [ 'ns.test', 'A', 60, '192.0.2.9' ] ])
                : () }
        : $name =~ /^alias\.test$/
        ? { rcode => 'NXDOMAIN',
            answers => [ [ $name, 'CNAME', 60, 'gone.test' ] ],
            authority => [ [ 'test', 'SOA', 60, 'a b 1 2 3 4 60' ] ] }
        : $name =~ /^(.*\.)?nodata\.test$/
        ? { answers => [],
            authority => [ [ 'test', 'SOA', 60, 'a b 1 2 3 4 60' ] ] }
        : { a => '192.0.2.1' };
});

my $v = $t->upstream(8082, sub { return { a => '192.0.2.2' } });

$t->run();

my $port = $t->port(8053);
my $r;

# names and types below

dns_query($port, 'gone.test', 'A');
$u->reset();

$r = dns_query($port, 'gone.test', 'AAAA');
is($r->{rcode}, 'NXDOMAIN', 'another type');
is($r->{authority}[0]{name}, 'test', 'its SOA');

$r = dns_query($port, 'a.GONE.test', 'A');
is($r->{rcode}, 'NXDOMAIN', 'a name below');
is($r->{qname_raw}, 'a.GONE.test', 'its question');
is($r->{authority}[0]{name}, 'test', 'owner of the SOA');
is($r->{authority}[0]{data}, 'ns.test admin.GONE.test 1 2 3 4 60',
   'names in the SOA');

$r = dns_query($port, 'some-longer-label.b.c.d.gone.test', 'TXT', edns => 1232);
is($r->{rcode}, 'NXDOMAIN', 'far below');
is($r->{authority}[0]{data}, 'ns.test admin.gone.test 1 2 3 4 60',
   'names in its SOA');
ok($r->{edns}, 'EDNS');
is($u->count(), 0, 'no server asked');

like($t->read_file('dns.log'), qr/^a.GONE.test A NXDOMAIN HIT$/mi, 'log');

# names that are not below

is(dns_query($port, 'test', 'A')->{rcode}, 'NOERROR', 'the name above');
is(dns_query($port, 'nogone.test', 'A')->{rcode}, 'NOERROR', 'a longer label');
is(dns_query($port, 'gone.test.test', 'A')->{rcode}, 'NOERROR', 'another tree');
is(dns_query($port, 'a.zone.gone.test', 'A')->{answers}[0]{data}, '192.0.2.2',
   'what is forwarded elsewhere');

# DO and CD are apart

$u->reset();
dns_query($port, 'a.gone.test', 'A', do => 1);
is($u->count('a.gone.test'), 1, 'DO');
dns_query($port, 'b.a.gone.test', 'A', do => 1);
is($u->count('b.a.gone.test'), 0, 'DO, below');
dns_query($port, 'b.a.gone.test', 'A', cd => 1);
is($u->count('b.a.gone.test'), 1, 'CD');

# what denies no name

dns_query($port, 'nodata.test', 'A');
dns_query($port, 'x.nodata.test', 'A');
is($u->count('x.nodata.test'), 1, 'NODATA');

dns_query($port, 'alias.test', 'A');
is(dns_query($port, 'x.alias.test', 'A')->{rcode}, 'NOERROR',
   'an NXDOMAIN of the target');
is($u->count('x.alias.test'), 1, 'it asks');

dns_query($port, 'add.test', 'A');
is(dns_query($port, 'x.add.test', 'A')->{rcode}, 'NXDOMAIN', 'more records');
is($u->count('x.add.test'), 1, 'are not moved');

# its end

dns_query($port, 'short.test', 'A');
dns_query($port, 'x.short.test', 'A');
is($u->count('x.short.test'), 0, 'in its time');
sleep 2.1;
dns_query($port, 'x.short.test', 'A');
is($u->count('x.short.test'), 1, 'past its end');

# off by default

$u->reset();
dns_query($t->port(8054), 'gone.test', 'MX');
dns_query($t->port(8054), 'y.gone.test', 'A');
is($u->count(), 2, 'off');
