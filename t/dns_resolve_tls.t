#!/usr/bin/perl

# Tests for "server tls://HOST resolve": servers are known by the name of the
# host, or that of name=, whatever their addresses.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(9);

$t->allow(qr/SSL_shutdown\(\) failed .*application data after close notify/);

my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('one', 'DNS:one.test');
$ca->issue('two', 'DNS:two.test');

$t->write_stream(<<'EOF_CONF', pages => 'status', at => 8088);
resolver  127.0.0.1:%%PORT_8090%% ipv6=off;

dns_upstream host {
    server        tls://one.test:%%PORT_8100%% resolve;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream name {
    server        tls://any.test:%%PORT_8100%% resolve name=two.test;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

# what servers there are

server {
    listen               127.0.1.1:%%PORT_8100%% ssl;
    proxy_pass           127.0.0.1:%%PORT_8081%%;
    ssl_certificate      %%TESTDIR%%/one.pem;
    ssl_certificate_key  %%TESTDIR%%/one.key;
}

server {
    listen               127.0.1.2:%%PORT_8100%% ssl;
    proxy_pass           127.0.0.1:%%PORT_8082%%;
    ssl_certificate      %%TESTDIR%%/two.pem;
    ssl_certificate_key  %%TESTDIR%%/two.key;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  host.test host;
    dns_forward  name.test name;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);
$t->upstream(8082, sub { { a => '192.0.2.2' } }, tcp => 1);

my $dns = $t->upstream(8090, sub {
    my ($query, $state) = @_;
    return { a => $state->{$query->{qname}} // '127.0.1.1', ttl => 1 };
});

$dns->set('any.test' => '127.0.1.2');
$t->run();

my $n = 0;

sub answer {
    my $r = dns_query($t->port(8053), 'n' . $n++ . ".$_[0].test", 'A');
    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

sub server {
    my ($name) = @_;
    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};
    return $u->{servers}[0] // {};
}

ok($t->wait_for(sub { answer('host') eq '192.0.2.1' }), 'by its host');
ok($t->wait_for(sub { answer('name') eq '192.0.2.2' }), 'by name=');
is(server('host')->{server}, 'tls://127.0.1.1:' . $t->port(8100), 'its name');

# another server at another address, which is not who it should be

$dns->set('one.test' => '127.0.1.2');
ok($t->wait_for(sub { server('host')->{server} =~ /127.0.1.2/ }), 'moved');
ok($t->wait_for(sub { answer('host') eq 'SERVFAIL' }), 'not used');
is(server('host')->{tls_error}, 'hostname mismatch', 'for that reason');

$dns->set('one.test' => '127.0.1.1');
ok($t->wait_for(sub { answer('host') eq '192.0.2.1' }, 6), 'back');
is(server('host')->{tls_error}, undef, 'nothing is wrong with this one');
is(server('host')->{handshakes_failed}, 0, 'and never was');
