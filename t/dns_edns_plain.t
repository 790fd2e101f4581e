#!/usr/bin/perl

# Tests for servers that do not know EDNS (RFC 6891, 7).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(10);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_forward  notimp.test 127.0.0.1:%%PORT_8082%%;
    dns_forward  header.test 127.0.0.1:%%PORT_8083%%;
}

server {
    listen             127.0.0.1:%%PORT_8054%% udp;
    dns_forward        . 127.0.0.1:%%PORT_8084%%;
    dns_client_subnet  add;
}
EOF_CONF

sub old {
    my ($rcode, %o) = @_;

    return sub {
        my ($query) = @_;

        return { a => '192.0.2.1' } if !$query->{edns};
        return { raw => "%ID%\x81\x81\0\0\0\0\0\0\0\0" } if $o{header};
        return { rcode => $rcode };
    };
}

my $u = $t->upstream(8081, old('FORMERR'));
$t->upstream(8082, old('NOTIMP'));
$t->upstream(8083, old('FORMERR', header => 1));
$t->upstream(8084, old('FORMERR'));

$t->run();

my $port = $t->port(8053);
my $r = dns_query($port, 'a.test', 'A', edns => 1232);

is($r->{rcode}, 'NOERROR', 'FORMERR: asked again');
is($r->{answers}[0]{data}, '192.0.2.1', 'without EDNS');
ok($r->{edns}, 'the client has its OPT');
is($u->count('a.test'), 2, 'two queries');

is(dns_query($port, 'b.test', 'A', edns => 1232)->{rcode}, 'NOERROR', 'again');
is($u->count('b.test'), 1, 'it is remembered');

is(dns_query($port, 'a.notimp.test', 'A', edns => 1232)->{rcode}, 'NOERROR',
   'NOTIMP');
is(dns_query($port, 'a.header.test', 'A', edns => 1232)->{rcode}, 'NOERROR',
   'FORMERR of a header alone');

$r = dns_query($t->port(8054), 'a.test', 'A');
is($r->{rcode}, 'NOERROR', 'dns_client_subnet add, a client without EDNS');
ok(!$r->{edns}, 'has no OPT');
