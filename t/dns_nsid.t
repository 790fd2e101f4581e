#!/usr/bin/perl

# Tests for dns_nsid (RFC 5001), and for keepalive (RFC 7828) and padding (RFC
# 8467) of answers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(22);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
dns_hosts  %%TESTDIR%%/hosts fallthrough;
dns_nsid   "ns 1";

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_idle_timeout  12s;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_nsid     0x00fFa5;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_nsid     off;
}

server {
    listen       127.0.0.1:%%PORT_8056%% udp;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_nsid     $hostname;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1', edns => 1232 } });

$t->run();

my ($port, $tls) = ($t->port(8053), $t->port(8853));

sub option {
    my ($at, $name, $proto, $code, $data, %o) = @_;

    my $r = dns_query($at, $name, 'A', proto => $proto, edns =>
        { size => 1232, options => [ [ $code, $data // '' ] ], %o });

    my ($option) = grep { $_->[0] == $code } @{$r->{edns}{options}};

    return $option ? $option->[1] : 'none';
}

is(option($port, 'a.test', 'udp', 3), 'ns 1', 'nsid of an answer');
chomp(my $host = lc `hostname`);
is(lc option($t->port(8056), 'a.test', 'udp', 3), $host, 'name of the machine');
is(option($port, 'host.test', 'udp', 3), 'ns 1', 'of hosts');
is(option($port, 'a.elsewhere', 'udp', 3), 'ns 1', 'of an error');
is(option($port, 'a.test', 'udp', 3, '', version => 1), 'ns 1', 'of BADVERS');
is(option($port, 'a.test', 'tcp', 3), 'ns 1', 'over TCP');
is(option($tls, 'a.test', 'tls', 3), 'ns 1', 'over TLS');
is(option($t->port(8054), 'a.test', 'udp', 3), "\0\xff\xa5", 'hexadecimal');
is(option($t->port(8055), 'a.test', 'udp', 3), 'none', 'off');
is(scalar @{dns_query($port, 'a.test', 'A', edns => 1232)->{edns}{options}},
   0, 'not asked for');

like(`kdig \@127.0.0.1 -p $port +nsid a.test 2>&1`, qr/NSID:.*"ns 1"/, 'kdig');
like(`dig \@127.0.0.1 -p $port +nsid a.test 2>&1`, qr/NSID:.*"ns 1"/, 'dig');

# keepalive

is(option($port, 'a.test', 'tcp', 11), pack('n', 120), 'keepalive');
is(option($tls, 'a.test', 'tls', 11), pack('n', 120), 'over TLS');
is(option($port, 'a.elsewhere', 'tcp', 11), pack('n', 120), 'of an error');
is(option($port, 'a.test', 'udp', 11), 'none', 'not over UDP');

like(`dig \@127.0.0.1 -p $port +tcp +keepalive a.test 2>&1`,
     qr/TCP.KEEPALIVE: 12\.0 secs/, 'dig');

# padding

sub padded {
    my ($at, $name, $proto, @options) = @_;

    return dns_query($at, $name, 'A', proto => $proto, edns =>
        { size => 1232, options => [ @options ] })->{size};
}

is(padded($tls, 'a.test', 'tls', [ 12, "\0" x 50 ]), 468, 'padded');
is(padded($tls, 'a.elsewhere', 'tls', [ 12, '' ]), 468, 'an error');
cmp_ok(padded($tls, 'a.test', 'tls', [ 3, '' ]), '<', 100, 'not asked for');
cmp_ok(padded($port, 'a.test', 'tcp', [ 12, '' ]), '<', 100, 'not over TCP');
cmp_ok(padded($port, 'a.test', 'udp', [ 12, '' ]), '<', 100, 'not over UDP');
