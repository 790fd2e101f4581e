#!/usr/bin/perl

# Tests for clients over TLS (RFC 7858).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Stream;

use IO::Socket::SSL;

my $t = Test::Nginx::DNS->new()->plan(24);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:32m;

log_format  f  '$dns_qname $protocol $ssl_protocol $ssl_session_reused '
               '$ssl_server_name $dns_cache_status';
access_log  %%TESTDIR%%/dns.log f;

ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;
ssl_protocols        TLSv1.2 TLSv1.3;
ssl_session_cache    shared:SSL:1m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen                  127.0.0.1:%%PORT_8854%% ssl;
    ssl_verify_client       on;
    ssl_client_certificate  %%TESTDIR%%/cert.pem;
    dns_hosts               %%TESTDIR%%/hosts;
}
EOF_CONF

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.2 : 0 };
}, tcp => 1);

$t->run();

my ($udp, $tls) = ($t->port(8053), $t->port(8853));
my ($s, $r, @ids, @got);

# certificate

my $dir = $t->testdir();

ok(dns_connect($tls, tls => { SSL_ca_file => "$dir/cert.pem",
                              SSL_verifycn_name => 'localhost',
                              SSL_verifycn_scheme => 'default' }),
   'certificate checked');
ok(!dns_connect($tls, tls => { SSL_ca_file => "$dir/cert.pem",
                               SSL_verifycn_name => 'elsewhere.test',
                               SSL_verifycn_scheme => 'default' }),
   'of another name');

# queries

$s = dns_connect($tls, tls => 1);
my $id = $s->send([ 'a.test', 'A' ]);
$r = $s->answer();
is($r->{id}, $id, 'id');
is($r->{answers}[0]{data}, '192.0.2.1', 'answer of a server');

$s->send([ 'a.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.1', 'from the cache');

for ([ 'a.test', 'A' ], [ 'host.test', 'A' ], [ 'host.test', 'AAAA' ],
     [ 'x.elsewhere', 'A', edns => { size => 1232 } ])
{
    my ($name, $type, @o) = @$_;
    my $query = encode(id => 7, flags => 0x0100, @o,
                       question => [ $name, $type ]);

    my ($u, $c, $e, $again);

    # all within a second of the TTL, however long that takes

    $t->wait_for(sub {
        ($u, $c, $e, $again) = map {
            unpack('H*', dns_raw($_->[0], $query, proto => $_->[1]))
        } [ $udp, 'udp' ], [ $udp, 'tcp' ], [ $tls, 'tls' ], [ $udp, 'udp' ];

        return $u eq $again;
    });

    is($e, $u, "$name $type over UDP and TLS");
    is($c, $u, "$name $type over UDP and TCP");
}

@ids = $s->send([ 'slow.test', 'A' ], [ 'a.test', 'A' ], [ 'fast.test', 'A' ]);
@got = map { $s->answer()->{id} } 1 .. 3;
is("@got", "@ids[1, 2, 0]", 'answers as they come');

@ids = $s->send(map { [ 'a.test', 'A' ] } 1 .. 2000);
@got = map { my $r = $s->answer(); $r ? $r->{id} : 'none' } 1 .. 2000;
is("@got", "@ids", '2000 in one write');

dns_query($tls, 'big.test', 'TXT', proto => 'tls');

$s->send(map { [ 'big.test', 'TXT' ] } 1 .. 100);
is((grep { my $r = $s->answer(); $r && $r->{answers}[0]{data} eq $text }
    1 .. 100), 100, 'long ones');

# resumption

my $ctx = IO::Socket::SSL::SSL_Context->new(
    SSL_verify_mode => 0, SSL_version => 'TLSv1_2',
    SSL_session_cache_size => 10);

for (0, 1) {
    $s = dns_connect($tls, tls => { SSL_reuse_ctx => $ctx,
                                    SSL_session_key => 'dot' });
    $s->send([ "resumed$_.test", 'A' ]);
    $s->answer();

    is($s->{socket}->get_session_reused() ? 1 : 0, $_, 'session resumed') if $_;
    $s->close();
}

# garbage, in TLS and instead of it

$s = dns_connect($tls, tls => 1);
$s->write(frame('x' x 11));
ok($s->closed(), 'closed');

$s = dns_connect($tls);
$s->send([ 'a.test', 'A' ]);
ok($s->closed(), 'a query without TLS');

# client certificates

$s = dns_connect($t->port(8854), tls => 1);
ok(!$s || $s->closed(), 'no client certificate');

$s = dns_connect($t->port(8854), tls => {
    SSL_verify_mode => 0, SSL_cert_file => "$dir/cert.pem",
    SSL_key_file => "$dir/key.pem" });
$s->send([ 'host.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.9', 'client certificate');

$t->stop();

my $log = $t->read_file('dns.log');

like($log, qr/^a.test TCP TLSv1.3 \S+ - MISS$/m, 'log');
like($log, qr/^a.test UDP - - - HIT$/m, 'log of UDP after that');
like($log, qr/^resumed1.test TCP TLSv1.2 r - MISS$/m, 'log of resumption');
