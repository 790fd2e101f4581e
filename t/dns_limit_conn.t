#!/usr/bin/perl

# Tests for limit_conn, over UDP and TCP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode /;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(16);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
limit_conn_zone  $binary_remote_addr zone=addr:1m;

log_format  f  '$dns_qname $protocol $remote_addr $server_addr '
               '$dns_rcode';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
    dns_forward  . u;
    limit_conn   addr 2;
    set          $var x;
}

server {
    listen       *:%%PORT_8054%% udp;
    dns_forward  . u;
    limit_conn   addr 2;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    { a => '192.0.2.1', delay => $_[0]{qname} =~ /^slow/ ? 0.4 : 0 }
});

$t->run();

my ($udp, $any) = ($t->port(8053), $t->port(8054));
my $r;

# over UDP a session is an address and port with queries in flight

is(dns_query($udp, 'a.test', 'A')->{answers}[0]{data}, '192.0.2.1', 'udp');
is(dns_query($udp, 'host.test', 'A')->{answers}[0]{data}, '192.0.2.9',
   'from hosts');
is(dns_query($any, 'a.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'on a wildcard');
is(dns_query($any, 'a.test', 'A', addr => '127.0.0.3')->{answers}[0]{data},
   '192.0.2.1', 'from the address that was asked');
is(dns_raw($udp, 'x' x 11, timeout => 0.2), undef, 'what is not a query');

$r = dns_bulk($udp, 4, name => sub { "slow$_[0].test" }, sockets => 4,
              window => 4, timeout => 1);
is_deeply($r, { '192.0.2.1' => 2, TIMEOUT => 2 }, 'two of four clients');

$r = dns_bulk($udp, 50, name => sub { "slow$_[0].one.test" }, sockets => 1,
              window => 50);
is_deeply($r, { '192.0.2.1' => 50 }, 'many queries of one');

$r = dns_bulk($udp, 100, name => sub { "r$_[0].test" }, sockets => 1,
              window => 1);
is_deeply($r, { '192.0.2.1' => 100 }, 'sessions end');

is(dns_bulk($udp, 2, name => sub { "slow$_[0].two.test" }, sockets => 2,
            from => [ '127.0.0.5', '127.0.0.6' ], window => 2)->{'192.0.2.1'},
   2, 'by address');

# over TCP a connection

my @s = map { dns_connect($udp) } 1 .. 2;
$_->send([ 'a.test', 'A' ]) for @s;
is((grep { $_->answer() } @s), 2, 'two connections');

my $third = dns_connect($udp);
$third->send([ 'a.test', 'A' ]);
ok($third->closed(), 'the third is closed');

$s[0]->close();
ok($t->wait_for(sub {
    my $s = dns_connect($udp);
    $s->send([ 'a.test', 'A' ]);
    $s->answer(1);
}), 'a place is given back');

$t->stop();

like($t->error_log(), qr/limiting connections by zone "addr".*, udp client/,
     'log');
like($t->error_log(), qr/limiting connections by zone "addr"[^,]*, client/,
     'log of TCP');
like($t->read_file('dns.log'), qr/^slow0.one.test UDP 127.0.0.1 /m,
     'access log');
like($t->read_file('dns.log'), qr/^a.test UDP 127.0.0.1 127.0.0.3 NOERROR/m,
     'access log');
