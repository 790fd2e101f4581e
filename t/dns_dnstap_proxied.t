#!/usr/bin/perl

# Tests for dns_dnstap with clients and servers that are not what a socket
# says: PROXY headers over UDP and TCP, servers that are asked over TLS.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;
use Test::Nginx::DNS::Tap;

use Socket qw/ inet_aton inet_pton AF_INET6 /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

Test::Nginx::DNS::Tap->need($t);

$t->plan(13);

tls_certificate($t);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

dns_upstream over_tls {
    server        tls://127.0.0.1:%%PORT_8854%%;
    ssl_verify    off;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8854%% ssl;

    dns_zone . {
        dns_return  nxdomain;
    }
}

server {
    listen                  127.0.0.1:%%PORT_8053%% udp;
    listen                  127.0.0.1:%%PORT_8053%% proxy_protocol;
    set_real_ip_from        127.0.0.1;
    dns_udp_proxy_protocol  127.0.0.1;
    dns_dnstap              unix:%%TESTDIR%%/tap.sock;
    dns_forward             . over_tls;
}

server {
    listen       127.0.0.1:%%PORT_8055%% proxy_protocol;
    dns_dnstap   unix:%%TESTDIR%%/tap.sock types=client_query;
    dns_forward  . over_tls;
}
EOF_CONF

my $tap = Test::Nginx::DNS::Tap->new($t, 'tap',
                                     unix => $t->testdir() . '/tap.sock');

$t->run();
$t->wait_for(sub { 2 == (() = $tap->said() =~ /START/g) });

# over UDP, of both families: an address of each, and a port

sub header {
    my ($addr) = @_;

    my $v6 = $addr =~ /:/;
    my $pack = sub { $v6 ? inet_pton(AF_INET6, $_[0]) : inet_aton($_[0]) };

    return "\r\n\r\n\0\r\nQUIT\n"
           . pack('CCn/a*', 0x21, $v6 ? 0x22 : 0x12,
                  $pack->($addr) . $pack->($v6 ? '2001:db8::1' : '192.0.2.1')
                  . pack('nn', 4444, 53));
}

sub udp {
    my ($name, $before) = @_;

    my $query = encode(id => 7, flags => 0x100, question => [ $name, 'A' ]);

    ok(dns_raw($t->port(8053), $before . $query), $name);
}

sub tcp {
    my ($port, $name, $from) = @_;

    my $s = dns_connect($t->port($port),
                        before => "PROXY TCP4 $from 192.0.2.1 4445 53\r\n");

    $s->send([ $name, 'A' ]);
    ok($s->answer(), $name);
}

udp('udp.test', header('198.51.100.7'));
udp('six.test', header('2001:db8::7'));
tcp(8053, 'tcp.test', '198.51.100.8');
tcp(8055, 'other.test', '198.51.100.9');

$t->wait_for(sub {
    total(metrics($t->port(8080)), 'nginx_dns_dnstap_frames_total') >= 13;
});

my %of;

push @{$of{$_->{name}}}, $_ for $tap->stop();

sub client {
    my ($name) = @_;

    my ($q, $r) = @{$of{$name}}[0, -1];

    return "$q->{query_address} $q->{query_port}"
           . ($r->{query_address} eq $q->{query_address}
              && $r->{query_port} == $q->{query_port} ? '' : ' not the same');
}

is(client('udp.test'), '198.51.100.7 4444', 'the client of a header over UDP');
is(client('six.test'), '2001:db8::7 4444', 'IPv6');
is($of{'six.test'}[0]{socket_family}, 'INET6', 'family');
is(client('tcp.test'), '198.51.100.8 4445', 'over TCP, with set_real_ip_from');
like(client('other.test'), qr/^127\.0\.0\.1 \d+$/, 'the proxy without it');

my ($q, $fq, $fr) = @{$of{'udp.test'}};

is($fq->{type}, 'FORWARDER_QUERY', 'a server');
is($fq->{socket_protocol}, 'DOT', 'over TLS');
is("$fq->{response_address} $fr->{response_port}",
   '127.0.0.1 ' . $t->port(8854), 'address and port');
is($fr->{rcode}, 'NXDOMAIN', 'response');
