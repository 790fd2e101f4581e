#!/usr/bin/perl

# Tests for servers over TLS (RFC 7858): many queries on few connections, for
# clients over UDP, TCP and TLS; padding, ALPN, SNI, resumption.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Message qw/ decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(34);

# what nginx says as a server that closes a connection while a query comes

$t->allow(qr/SSL_shutdown\(\) failed .*application data after close notify/);

my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('one', 'IP:127.0.0.1,DNS:one.test');
$ca->issue('client', 'DNS:client.test');
tls_certificate($t);

$t->write_stream(<<'EOF_CONF', pages => 'status', at => 8088);
dns_cache_zone  zone=c:1m;

dns_upstream_timeout       8s;
dns_next_upstream_timeout  20s;

log_format  f  '$dns_qname $dns_upstream_addr';
access_log  %%TESTDIR%%/dns.log f;

ssl_session_cache  shared:SSL:1m;
ssl_protocols      TLSv1.2 TLSv1.3;

dns_upstream tls {
    server        tls://127.0.0.1:%%PORT_8100%% name=one.test;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream again {
    server        tls://127.0.0.1:%%PORT_8101%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    ssl_protocols  TLSv1.2;
}

dns_upstream newer {
    server        tls://127.0.0.1:%%PORT_8100%% name=one.test;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    ssl_protocols  TLSv1.3;
}

dns_upstream fresh {
    server        tls://127.0.0.1:%%PORT_8101%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    ssl_session_reuse        off;
}

dns_upstream checked {
    least_time;
    server        tls://127.0.0.1:%%PORT_8100%%;
    server        tls://127.0.0.1:%%PORT_8102%%;
    health_check  interval=100ms;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream known {
    server        tls://127.0.0.1:%%PORT_8103%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    ssl_certificate          %%TESTDIR%%/client.pem;
    ssl_certificate_key      %%TESTDIR%%/client.key;
}

dns_upstream unknown {
    server        tls://127.0.0.1:%%PORT_8104%%;
    server        127.0.0.1:%%PORT_8080%% backup;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

ssl_certificate      %%TESTDIR%%/one.pem;
ssl_certificate_key  %%TESTDIR%%/one.key;

log_format  tls  '$server_port $ssl_protocol "$ssl_server_name" '
                 '$ssl_session_reused $ssl_client_verify';

server {
    listen      127.0.0.1:%%PORT_8100%% ssl;
    listen      127.0.0.1:%%PORT_8101%% ssl;
    proxy_pass  127.0.0.1:%%PORT_8081%%;
    access_log  %%TESTDIR%%/tls.log tls;
}

# asks for a certificate, and refuses all others

server {
    listen                  127.0.0.1:%%PORT_8103%% ssl;
    ssl_verify_client       on;
    ssl_client_certificate  %%TESTDIR%%/ca.pem;
    proxy_pass              127.0.0.1:%%PORT_8081%%;
    access_log              %%TESTDIR%%/tls.log tls;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    dns_forward  tls.test tls;
    dns_forward  again.test again;
    dns_forward  newer.test newer;
    dns_forward  fresh.test fresh;
    dns_forward  checked.test checked;
    dns_forward  known.test known;
    dns_forward  unknown.test unknown;
    dns_cache    c;
}
EOF_CONF

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.2 : 0,
             close => $name =~ /^after/ ? 'after' : 0 };
}, tcp => 1);

$t->upstream(8080, sub { { a => '192.0.2.2' } });

# refuses certificates, too, but of all clients, and after the handshake of
# TLS 1.3 has ended for them

my $pid = $t->spawn('s_server.out', 'openssl', 's_server', '-quiet', '-accept',
           '127.0.0.1:' . $t->port(8104), '-cert', $t->testdir() . '/one.pem',
           '-key', $t->testdir() . '/one.key', '-Verify', 1, '-tls1_3',
           '-verify_return_error', '-CAfile', $t->testdir() . '/ca.pem');

$t->run();

my ($port, $tls) = ($t->port(8053), $t->port(8853));
my ($r, $s, @ids);

sub server {
    my ($name, $n) = @_;

    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};

    return $u->{servers}[$n // 0];
}

# each kind of client

is(dns_query($port, 'a.tls.test', 'A')->{answers}[0]{data}, '192.0.2.1', 'UDP');
is(dns_query($port, 'b.tls.test', 'A', proto => 'tcp')->{answers}[0]{data},
   '192.0.2.1', 'TCP');
is(dns_query($tls, 'c.tls.test', 'A', proto => 'tls')->{answers}[0]{data},
   '192.0.2.1', 'TLS');
is(dns_query($port, 'a.tls.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'from the cache');
is($u->count('a.tls.test'), 1, 'asked once');
like($t->read_file('dns.log'),
     qr!^a.tls.test tls://127.0.0.1:@{[ $t->port(8100) ]}$!m, 'log');
is(server('tls')->{server}, 'tls://127.0.0.1:' . $t->port(8100), 'page');
is(server('tls')->{handshakes_full}, 1, 'one connection for all');

$r = dns_query($port, 'big.tls.test', 'TXT', proto => 'tcp');
is($r->{answers}[0]{data}, $text, 'a long one');
is(dns_query($port, 'big.tls.test', 'TXT')->{tc}, 1, 'and TC over UDP');

# pipelined, in any order

$s = dns_connect($port);
@ids = $s->send([ 'slow.tls.test', 'A' ], [ 'fast.tls.test', 'A' ]);
is(join(' ', map { $s->answer()->{id} } 1 .. 2), "@ids[1, 0]", 'any order');

is_deeply(dns_bulk($port, 1000, name => sub { "q$_[0].tls.test" },
                   window => 150), { '192.0.2.1' => 1000 }, '1000 queries');
cmp_ok(server('tls')->{handshakes_full} + server('tls')->{handshakes_resumed},
       '<=', 8, 'few connections');

# RFC 8467

dns_query($port, $_ . 'd.tls.test', 'A', edns => 1232)
    for map { 'x' x (11 * $_) } 1 .. 5;

is(join(' ', map { length($_->{raw}) % 128 }
             grep { $_->{name} =~ /^x+d/ } $u->queries()), '0 0 0 0 0',
   'padded');
is((grep { length($_->{raw}) % 128 == 0 && $_->{name} =~ /^a\./ }
    $u->queries()), 0, 'not without EDNS');

# sessions

for (1 .. 3) {
    dns_query($port, "after$_.$_.again.test", 'A');
    dns_query($port, "after$_.$_.newer.test", 'A');
    dns_query($port, "after$_.$_.fresh.test", 'A');
}

$t->wait_for(sub { server('again')->{handshakes_resumed} == 2 });

is(server('again')->{handshakes_full}, 1, 'one full handshake');
is(server('again')->{handshakes_resumed}, 2, 'two resumed');
is(server('fresh')->{handshakes_full}, 3, 'three without ssl_session_reuse');
is(server('fresh')->{handshakes_resumed}, 0, 'none resumed');

is(server('newer')->{handshakes_full}, 1, 'TLS 1.3: one full handshake');
is(server('newer')->{handshakes_resumed}, 2, 'two resumed');

# what the server saw

my $log = '';
$t->wait_for(sub { ($log = $t->read_file('tls.log')) =~ /TLSv1.2 "-" r/ });

like($log, qr/^@{[ $t->port(8100) ]} TLSv1.3 "one.test" r/m, 'SNI');
like($log, qr/^@{[ $t->port(8101) ]} TLSv1.2 "-" \./m, 'no SNI, ssl_protocols');
like($log, qr/^@{[ $t->port(8101) ]} TLSv1.2 "-" r/m, 'and resumed');

# health checks keep a connection

ok($t->wait_for(sub { server('checked', 0)->{checks_passed} >= 5 }), 'checked');
is(server('checked', 0)->{handshakes_full}, 1, 'over one connection');
ok($t->wait_for(sub { server('checked', 1)->{state} eq 'unhealthy' }),
   'nobody listens');
like(server('checked', 1)->{reason}, qr/unreachable/, 'the reason');
is(server('checked', 1)->{tls_error}, undef, 'that is not of TLS');
is_deeply(dns_bulk($port, 100, name => sub { "q$_[0].checked.test" }),
          { '192.0.2.1' => 100 }, 'the other one');

# certificates of ours

is(dns_query($port, 'a.known.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'our certificate');
is(dns_query($port, 'a.unknown.test', 'A')->{answers}[0]{data}, '192.0.2.2',
   'none, and the server wants one');
is(server('unknown')->{tls_error}, 'tlsv13 alert certificate required',
   'in its words');
like($t->error_log(), qr/has failed TLS: tlsv13 alert certificate required/,
     'and logged');

kill 'TERM', $pid;
waitpid $pid, 0;
