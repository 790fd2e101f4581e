#!/usr/bin/perl

# Tests with programs that people use: kdig, dig and dnsperf, over UDP, TCP
# and TLS.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(13);

tls_certificate($t);

$t->write_file('names', join '', map { "n$_.test A\n" } 1 .. 100);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

server {
    listen               127.0.0.1:%%PORT_8053%% udp;
    listen               127.0.0.1:%%PORT_8053%%;
    listen               127.0.0.1:%%PORT_8853%% ssl;
    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;
    ssl_protocols        TLSv1.2 TLSv1.3;
    dns_forward          . 127.0.0.1:%%PORT_8081%%;
    dns_cache            c;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);

$t->run();

my $dir = $t->testdir();
my $at = '@127.0.0.1 -p ' . $t->port(8053);
my $tls = '@127.0.0.1 -p ' . $t->port(8853);

sub said { my $said = `$_[0] 2>&1`; $said =~ s/^;;.*\n|^\s*\n//mg; $said }

is(said("kdig $at +tcp +short a.test"), "192.0.2.1\n", 'kdig +tcp');
is(said("kdig $at +tcp +keepopen +short a.test b.test c.test"),
   "192.0.2.1\n" x 3, 'kdig +tcp +keepopen');
is(said("kdig $tls +tls +short a.test"), "192.0.2.1\n", 'kdig +tls');
is(said("kdig $tls +tls-ca=$dir/cert.pem +tls-hostname=localhost +short a.test"),
   "192.0.2.1\n", 'kdig with a check of the certificate');
unlike(said("kdig $tls +tls-ca=$dir/cert.pem +tls-hostname=other.test"
            . ' +short a.test'), qr/192/, 'of another host');
is(said("dig $at +tcp +short a.test"), "192.0.2.1\n", 'dig +tcp');
is(said("dig $at +tcp +keepopen +short a.test b.test c.test"),
   "192.0.2.1\n" x 3, 'dig +tcp +keepopen');
is(said("dig $at +short a.test"), "192.0.2.1\n", 'dig');

# dnsperf, and the numbers of its queries and answers

for ([ 'udp', 8053 ], [ 'tcp', 8053 ], [ 'dot', 8853 ]) {
    my ($mode, $port) = @$_;

    my $said = `dnsperf -m $mode -s 127.0.0.1 -p @{[ $t->port($port) ]} -d $dir/names -n 50 -c 4 -q 40 2>&1`;

    like($said, qr/Queries completed:\s+5000 .*NOERROR 5000 /s,
         "dnsperf -m $mode") or diag $said;
}

# a connection for each query

my $said = `dnsperf -m tcp -O num-queries-per-conn=10 -s 127.0.0.1 -p @{[ $t->port(8053) ]} -d $dir/names -n 2 -c 4 -q 4 2>&1`;

like($said, qr/NOERROR (?:1\d\d|200) /, 'a connection for ten queries')
    or diag $said;

like(`kdig $tls +tls a.test`, qr/TLS1\.3/, 'TLS 1.3');
