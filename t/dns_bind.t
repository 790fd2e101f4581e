#!/usr/bin/perl

# Tests for bind: the address of this machine that servers are asked from; and
# for addresses of servers with a device.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_stream(<<'EOF_CONF');
dns_upstream udp {
    bind    127.0.0.7;
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream tcp {
    bind    127.0.0.8;
    server  tcp://127.0.0.1:%%PORT_8081%%;
}

dns_upstream off {
    bind    off;
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream foreign {
    bind    192.0.2.77;
    health_check  off;
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream foreign_tcp {
    bind    192.0.2.77;
    health_check  off;
    server  tcp://127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  udp.test udp;
    dns_forward  tcp.test tcp;
    dns_forward  off.test off;
    dns_forward  foreign.test foreign;
    dns_forward  foreign-tcp.test foreign_tcp;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    return { a => '192.0.2.1', tc => $_[0]{qname} =~ /^tc/ && !$_[0]{tcp} };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

sub from {
    my ($name) = @_;

    $u->reset();
    is(dns_query($port, $name, 'A')->{answers}[0]{data}, '192.0.2.1', $name);

    return join ' ', map { $_->{addr} } $u->queries();
}

is(from('a.udp.test'), '127.0.0.7', 'over UDP');
is(from('tc.udp.test'), '127.0.0.7 127.0.0.7', 'over TCP after TC');
is(from('a.tcp.test'), '127.0.0.8', 'over TCP');
is(from('a.off.test'), '127.0.0.1', 'off');

# an address that this machine does not have is not the server's failure

is(dns_query($port, 'a.foreign.test', 'A')->{rcode}, 'SERVFAIL', 'not ours');
like($t->error_log(), qr/dns upstream "foreign": no socket to server .*99:/,
     'it is said');

is(dns_query($port, "$_.foreign-tcp.test", 'A')->{rcode}, 'SERVFAIL',
   'not ours, over TCP') for qw/ a b /;
is(() = $t->error_log() =~ /"foreign_tcp": no socket to server .*99:/g, 1,
   'it is said once');
unlike($t->error_log(), qr/left out/, 'and nobody is blamed');

# nginx -t

sub check {
    my ($lines) = @_;

    my ($code, $out) = $t->test_config(<<EOF);
%%TEST_GLOBALS%%
events { }
stream {
    dns_upstream u { $lines }
    server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . u; }
}
EOF

    return $code ? $out : "accepted\n$out";
}

like(check("server 127.0.0.1; bind $_;"),
     qr/"bind": invalid value "\Q$_\E", it must be an IP address of this mach/,
     "bind $_") for qw/ x 127.0.0.1:53 224.0.0.1 /;
like(check('server 127.0.0.1; bind 127.0.0.1; bind off;'),
     qr/"bind" directive is duplicate/, 'twice');
like(check('server 127.0.0.1; bind ::1;'),
     qr/"bind": from "::1" nothing can be sent to server 127.0.0.1:53 of dns_u/,
     'another family');

# RFC 4007, 11

like(check('server [fe80::1%lo]:53;'), qr/^accepted/, 'a device');
like(check('server 127.0.0.1; } server { listen 127.0.0.1:%%PORT_8054%% udp;'
           . ' dns_forward . [fe80::1%lo];'), qr/^accepted/,
     'in dns_forward, too');
like(check('server [fe80::1%none]:53;'),
     qr/"server": invalid address .*there is no such device/, 'an unknown one');
like(check('server [2001:db8::1%lo];'),
     qr/"server": invalid address .*only a link-local address has a device/,
     'an address without one');
like(check('server [fe80::1%]:53;'), qr/"server": invalid address .*the name/,
     'no name');
like(check('server [fe80::1]:53;'), qr/link-local address without a device/,
     'no device');

$t->plan();
