#!/usr/bin/perl

# Tests for single servers over TLS in dns_forward and dns_pass, known by their
# address, and for zone transfers of them (RFC 9103).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority qw/ nsd /;
use Test::Nginx::DNS::Certificate;

my $t = Test::Nginx::DNS->new()->plan(7);
my $ca = Test::Nginx::DNS::Certificate->new($t);
my $dir = $t->testdir();

$ca->issue('one', 'IP:127.0.0.1');
$ca->issue('other', 'IP:192.0.2.1');

# the system has one authority: that of this test

mkdir "$dir/certs" or die;
$ENV{SSL_CERT_DIR} = "$dir/certs";
$ENV{SSL_CERT_FILE} = "$dir/ca.pem";

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_qname $dns_qtype $dns_upstream $dns_upstream_addr '
               '$dns_rcode "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

server {
    listen               127.0.0.1:%%PORT_8101%% ssl;
    ssl_certificate      %%TESTDIR%%/one.pem;
    ssl_certificate_key  %%TESTDIR%%/one.key;
    proxy_pass           127.0.0.1:%%PORT_8081%%;
}

server {
    listen               127.0.0.1:%%PORT_8102%% ssl;
    ssl_certificate      %%TESTDIR%%/other.pem;
    ssl_certificate_key  %%TESTDIR%%/other.key;
    proxy_pass           127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  test tls://127.0.0.1:%%PORT_8101%%;
    dns_forward  bad.test tls://127.0.0.1:%%PORT_8102%%;

    dns_zone pass.test {
        dns_pass  tls://127.0.0.1:%%PORT_8101%%;
    }
}
EOF_CONF

for my $name (qw/ test bad.test /) {
    $t->write_file("$name.zone", <<EOF . join '', map { <<EOR } 1 .. 3000);
\$ORIGIN $name.
\$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
* A 192.0.2.1
*.pass A 192.0.2.2
EOF
r$_ TXT "a record that is one of many in a zone, number $_"
EOR
}

my $nsd = nsd($t, 8081, 'test' => 'test.zone', 'bad.test' => 'bad.test.zone');

$t->run();

my $port = $t->port(8053);

is(dns_query($port, 'a.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'dns_forward');
is(dns_query($port, 'a.pass.test', 'A')->{answers}[0]{data}, '192.0.2.2',
   'dns_pass');
is(dns_query($port, 'a.bad.test', 'A')->{rcode}, 'SERVFAIL',
   'of another address');

# a transfer of many messages

my $said = `kdig \@127.0.0.1 -p $port +tcp test AXFR 2>&1`;
is((() = $said =~ /^r\d+\.test\.\s/mg), 3000, 'a zone transfer');
like($said, qr/SOA.*SOA/s, 'all of it');

`kdig \@127.0.0.1 -p $port +tcp bad.test AXFR 2>&1`;

my $log = '';
my ($good, $bad) = ($t->port(8101), $t->port(8102));

$t->wait_for(sub { ($log = $t->read_file('dns.log')) =~ /^bad.test AXFR/m });

like($log, qr!^test AXFR tls://127.0.0.1:$good tls://127.0.0.1:$good NOERROR "-"$!m,
     'in the log');
like($log, qr!^bad.test AXFR \S+ \S+ SERVFAIL "no TLS with upstream: IP address mismatch"$!m,
     'no transfer of another');
