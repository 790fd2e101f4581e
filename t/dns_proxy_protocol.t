#!/usr/bin/perl

# Tests for listen ... proxy_protocol, over TCP and TLS.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(9);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_qname $remote_addr $proxy_protocol_addr $server_addr';
access_log  %%TESTDIR%%/dns.log f;

ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

dns_hosts  %%TESTDIR%%/hosts fallthrough;

server {
    listen       127.0.0.1:%%PORT_8053%% proxy_protocol;
    listen       127.0.0.1:%%PORT_8853%% ssl proxy_protocol;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen             *:%%PORT_8054%% proxy_protocol;
    set_real_ip_from   127.0.0.0/8;
    deny               192.0.2.66;
    dns_forward        . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.05 } });

$t->run();

sub proxied {
    my ($from) = @_;
    return "PROXY TCP4 $from 198.51.100.1 4444 53\r\n";
}

sub asked {
    my ($s, $name) = @_;

    $s->send([ $name, 'A' ]);
    my $r = $s->answer(1);

    return $r ? $r->{answers}[0]{data} : undef;
}

my $s = dns_connect($t->port(8053), before => proxied('192.0.2.77'));
is(asked($s, 'host.test'), '192.0.2.9', 'tcp');
is(asked($s, 'a.test'), '192.0.2.1', 'of a server');

$s = dns_connect($t->port(8853), before => proxied('192.0.2.78'), tls => 1);
is(asked($s, 'b.test'), '192.0.2.1', 'tls');

$s = dns_connect($t->port(8054), before => proxied('192.0.2.79'));
is(asked($s, 'c.test'), '192.0.2.1', 'with set_real_ip_from');

$s = dns_connect($t->port(8054), before => proxied('192.0.2.66'));
is(asked($s, 'd.test'), undef, 'denied by its real address');

$s = dns_connect($t->port(8053));
is(asked($s, 'e.test'), undef, 'without the header');

$t->stop();

my $log = $t->read_file('dns.log');

like($log, qr/^a.test 127.0.0.1 192.0.2.77 127.0.0.1$/m, 'log');
like($log, qr/^b.test 127.0.0.1 192.0.2.78 127.0.0.1$/m, 'log of tls');
like($log, qr/^c.test 192.0.2.79 192.0.2.79 127.0.0.1$/m,
     'log with set_real_ip_from');
