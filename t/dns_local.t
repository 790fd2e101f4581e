#!/usr/bin/perl

# Tests for dns_local: localhost is answered here unless switched off.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(19);

$t->write_stream(<<'EOF_CONF');
log_format  dns '$dns_qname $dns_rcode $dns_answers "$dns_error" $status '
            '$dns_cache_status';

server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    access_log  %%TESTDIR%%/dns.log dns;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    dns_local   off;
}
EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

my $v6 = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.'
         . 'ip6.arpa';

is(data('localhost', 'A'), '127.0.0.1', 'A');
is(data('localhost', 'AAAA'), '::1', 'AAAA');
is(data('LocalHost', 'A'), '127.0.0.1', 'upper case');
is(data('a.b.localhost', 'A'), '127.0.0.1', 'below');
is(data('1.0.0.127.in-addr.arpa', 'PTR'), 'localhost', 'PTR');
is(data($v6, 'PTR'), 'localhost', 'PTR of ::1');
is(data($v6, 'TXT'), '', 'NODATA of PTR');

my $m = dns_query($t->port(8053), 'a.localhost', 'MX', edns => 1232);

is($m->{rcode}, 'NOERROR', 'NODATA');
is(@{$m->{answers}}, 0, 'no answer');
is($m->{aa}, 1, 'authoritative');
is($m->{authority}[0]{type}, 'SOA', 'SOA');
is($m->{authority}[0]{name}, 'localhost', 'of localhost');
is($m->{edns}{size}, 1232, 'EDNS');
is($up->count(), 0, 'nobody was asked');

is(data('localhost.test', 'A'), '192.0.2.1', 'another name');
is(data('2.0.0.127.in-addr.arpa', 'A'), '192.0.2.1', 'another address');

is(dns_query($t->port(8054), 'localhost', 'A')->{answers}[0]{data},
   '192.0.2.1', 'off');

$t->wait_for(sub { $t->read_file('dns.log') =~ /localhost.test/ });
like($t->read_file('dns.log'), qr/^a.localhost NOERROR 0 "-?" 200 LOCAL$/m, 'log');

my ($code, $said) = $t->test_config(<<'EOF_CONF');
%%TEST_GLOBALS%%
events { }
stream {
    dns_local local;
}
EOF_CONF

like($code ? $said : 'fine', qr/"dns_local": invalid value "local", it must/,
     'invalid value');

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), @_);

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
