#!/usr/bin/perl

# Tests for dns_dnstap: messages of clients and of servers as Debian's reader
# has them, over UDP, TCP, TLS and HTTPS; types=, identity=, sample=.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;
use Test::Nginx::DNS::Tap;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

Test::Nginx::DNS::Tap->need($t);

$t->plan(48);

tls_certificate($t);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }

        location /status {
            dns_status  json;
        }

        location /dns-query {
            dns_over_https  doh;
        }
    }
}

stream {
    dns_cache_zone  zone=c:1m;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       %%PORT_8054%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        listen       127.0.0.1:%%PORT_8853%% ssl;
        dns_service  doh;
        dns_dnstap   unix:%%TESTDIR%%/all.sock;
        dns_cache    c;
        dns_forward  test 127.0.0.1:%%PORT_8081%%;

        dns_zone none.test {
            dns_return  nxdomain;
        }

        dns_zone drop.test {
            dns_return  drop;
        }
    }

    server {
        listen       127.0.0.1:%%PORT_8055%% udp;
        dns_dnstap   tcp:127.0.0.1:%%PORT_8082%% version=v7 "identity=a $hostname"
                     types=forwarder_response,client_query;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
        deny         127.0.0.3;
        allow        all;
    }

    server {
        listen       127.0.0.1:%%PORT_8056%% udp;
        dns_dnstap   unix:%%TESTDIR%%/some.sock sample=4 identity= version=
                     types=client_query,forwarder_query,client_response,forwarder_response;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;

    return { tc => 1 } if !$query->{tcp} && $query->{qname} =~ /^big/;
    return { a => '192.0.2.7' };
}, tcp => 1);

my $dir = $t->testdir();

my $all = Test::Nginx::DNS::Tap->new($t, 'all', unix => "$dir/all.sock");
my $two = Test::Nginx::DNS::Tap->new($t, 'two', tcp => $t->port(8082));
my $some = Test::Nginx::DNS::Tap->new($t, 'some', unix => "$dir/some.sock");

$t->run();

$t->wait_for(sub { $_->said() =~ /START/ }) for $all, $two, $some;

my ($udp, $http) = ($t->port(8053), $t->port(8080));

# a miss, a hit, an answer of our own, none at all

dns_query($udp, 'One.test', 'A', from => '127.0.0.2', id => 77);
dns_query($udp, 'one.test', 'A');
dns_query($udp, 'a.none.test', 'A', proto => 'tcp');
dns_query($udp, 'a.drop.test', 'A', timeout => 0.1);
dns_query($t->port(8853), 'one.test', 'A', proto => 'tls');
doh($http, 'GET', encode(question => [ 'one.test', 'A' ], flags => 0x100));
dns_query($udp, 'big.test', 'A');
dns_query($t->port(8054), 'wild.test', 'A');

my $odd = encode(id => 9, question => [ 'x.test', 'A' ], flags => 0x2900);

dns_raw($udp, $odd);

# others: their types, who is denied, one query in four

dns_query($t->port(8055), 'two.test', 'A');
dns_query($t->port(8055), 'denied.test', 'A', from => '127.0.0.3');
dns_query($t->port(8056), "s$_.test", 'A') for 0 .. 7;

$t->wait_for(sub {
    return total(metrics($http), 'nginx_dns_dnstap_frames_total') >= 36;
});

my $frames = metrics($http);
my ($json) = grep { $_->{dnstap_frames} > 8 } @{status($http)->{servers}};

is($json->{dnstap_dropped}, 0, 'json, dropped');

my @all = $all->stop();
my @of = of(\@all, qr/^one\.test/i);

is(scalar @all, $json->{dnstap_frames}, 'json, written');

is(join(' ', map { $_->{type} } @of[0 .. 5]),
   'CLIENT_QUERY FORWARDER_QUERY FORWARDER_RESPONSE CLIENT_RESPONSE '
   . 'CLIENT_QUERY CLIENT_RESPONSE', 'a miss and a hit');

my ($cq, $fq, $fr, $cr) = @of;

is($cq->{identity}, (POSIX::uname())[1], 'the identity is the name of the host');
like($cq->{version}, qr!^ngx_dns_balancer_module/\d!, 'version');
is($cq->{socket_family}, 'INET', 'family');
is($cq->{socket_protocol}, 'UDP', 'protocol');
is($cq->{query_address}, '127.0.0.2', 'address of the client');
isnt($cq->{query_port}, 0, 'and port');
is($cq->{response_address}, '127.0.0.1', 'the address that was asked');
is($cq->{response_port}, $udp, 'and port');
is($cq->{name}, 'One.test', 'name as it was asked');
is($cq->{id}, 77, 'ID');
is($cr->{id}, 77, 'of the response');
is($cr->{query_time}, $cq->{query_time}, 'the response has the time of its query');
cmp_ok($cr->{response_time}, 'ge', $fr->{response_time}, 'and its own');
is($cr->{dns}{answers}[0]{data}, '192.0.2.7', 'records');

is($fq->{response_port}, $t->port(8081), 'port of the server');
is($fq->{query_address}, '127.0.0.1', 'address that it is asked from');
isnt($fq->{query_port}, 0, 'and port');
is($fr->{query_port}, $fq->{query_port}, 'the same in the response');
is($fr->{id}, $fq->{id}, 'ID of our own');
is($fq->{query_zone}, 'test.', 'zone');
is($cq->{query_zone}, undef, 'none for clients');

is(join(' ', map { $_->{socket_protocol} } @of[4 .. 9]),
   'UDP UDP DOT DOT DOH DOH', 'protocols');
is($of[8]->{response_port}, $http, 'port of HTTP');

my @none = of(\@all, qr/^a\.none/);

is($none[0]->{socket_protocol}, 'TCP', 'TCP');
is($none[1]->{rcode}, 'NXDOMAIN', 'rcode');
is(scalar @none, 2, 'no server was asked');
is(join(' ', map { $_->{type} } of(\@all, qr/^a\.drop/)), 'CLIENT_QUERY',
   'no answer');

my @big = of(\@all, qr/^big/);

is(join(' ', map { "$_->{type} $_->{socket_protocol}" } @big[1 .. 4]),
   'FORWARDER_QUERY UDP FORWARDER_RESPONSE UDP '
   . 'FORWARDER_QUERY TCP FORWARDER_RESPONSE TCP', 'TC, then over TCP');

my ($wild) = of(\@all, qr/^wild/);

is($wild->{response_address}, '127.0.0.1', 'the address on a wildcard');
is($wild->{response_port}, $t->port(8054), 'and port');

is($all[-2]->{octets}, $odd, 'what is refused');
is($all[-1]->{rcode}, 'NOTIMP', 'and its response');
is(scalar(my @lines = $all->lines()), scalar @all, 'read by dnstap-ldns, too');

# types, identity

my @two = $two->stop();

is(join(' ', map { "$_->{type} $_->{name}" } @two),
   'CLIENT_QUERY two.test FORWARDER_RESPONSE two.test '
   . 'CLIENT_QUERY denied.test', 'types');
is($two[0]->{identity}, 'a ' . (POSIX::uname())[1], 'identity');
is($two[0]->{version}, 'v7', 'version');

# sample

my @some = $some->stop();

is(join(' ', map { $_->{type} . ' ' . $_->{name} } @some),
   join(' ', map { my $name = "s$_.test"; map { "$_ $name" }
                   qw/ CLIENT_QUERY FORWARDER_QUERY FORWARDER_RESPONSE
                       CLIENT_RESPONSE / } 0, 4), 'sample');
is($some[0]->{identity}, undef, 'no identity');
is($some[0]->{version}, undef, 'no version');

is(total($frames, 'nginx_dns_dnstap_frames_total'), @all + @two + @some,
   'prometheus, written');
is(total($frames, 'nginx_dns_dnstap_dropped_total'), 0, 'and dropped');
is(scalar(grep { /^nginx_dns_dnstap_frames_total\{server="127\.0\.0\.1:\d+/ }
          keys %$frames), 3, 'by server');

like((grep { /build_info/ } keys %$frames)[0], qr/dnstap/, 'in the build');

# all readers are gone, and are said to be once each

dns_query($udp, "gone.test", 'A');

ok($t->wait_for(sub { 3 == (() = $t->error_log() =~ /"dns_dnstap" "/g) }),
   'said');
ok(dns_query($udp, 'still.test', 'A'), 'and nothing else changes');


sub of {
    my ($messages, $name) = @_;

    return grep { ($_->{name} // '') =~ $name } @$messages;
}
