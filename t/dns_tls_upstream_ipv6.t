#!/usr/bin/perl

# Tests for servers over TLS at an IPv6 address: without a name the certificate
# must have that address.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;

plan(skip_all => 'no IPv6 here') if !-e '/proc/net/if_inet6';

my $t = Test::Nginx::DNS->new();
my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('six', 'IP:::1');
$ca->issue('four', 'IP:127.0.0.1,IP:::2');

$t->plan(3);

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_qname "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

ssl_certificate_key  %%TESTDIR%%/six.key;

server {
    listen           [::1]:%%PORT_8100%% ssl;
    ssl_certificate  %%TESTDIR%%/six.pem;
    proxy_pass       127.0.0.1:%%PORT_8081%%;
}

server {
    listen               [::1]:%%PORT_8101%% ssl;
    ssl_certificate      %%TESTDIR%%/four.pem;
    ssl_certificate_key  %%TESTDIR%%/four.key;
    proxy_pass           127.0.0.1:%%PORT_8081%%;
}

dns_upstream six {
    server        tls://[::1]:%%PORT_8100%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream four {
    server        tls://[::1]:%%PORT_8101%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  six.test six;
    dns_forward  four.test four;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);
$t->run();

is(dns_query($t->port(8053), 'a.six.test', 'A')->{answers}[0]{data},
   '192.0.2.1', 'the address of the server');
is(dns_query($t->port(8053), 'a.four.test', 'A')->{rcode}, 'SERVFAIL',
   'others');
ok($t->wait_for(sub {
    return $t->read_file('dns.log') =~ /a\.four\.test .*IP address mismatch/;
}), 'said so');
