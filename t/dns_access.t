#!/usr/bin/perl

# Tests for allow and deny, set, map and access_log if= on DNS servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->has(qw/ pcre /)->plan(11);

$t->write_stream(<<'EOF_CONF');
log_format  f  '$remote_addr $status $dns_rcode $dns_error/$mine';

map $remote_addr $mine {
    127.0.0.1  one;
    default    other;
}

map $dns_qname $loggable {
    ~quiet   0;
    default  1;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;

    deny         127.0.0.9;
    allow        127.0.0.0/24;
    deny         all;

    access_log   %%TESTDIR%%/dns.log f if=$loggable;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    access_log   off;
    error_log    %%TESTDIR%%/other.log info;
    deny         all;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $port = $t->port(8053);
my $r;

is(dns_query($port, 'a.test', 'A')->{rcode}, 'NOERROR', 'allowed');
is(dns_query($port, 'b.test', 'A', from => '127.0.0.8')->{rcode}, 'NOERROR',
   'allowed by a network');

$r = dns_query($port, 'c.test', 'A', from => '127.0.0.9', edns => 1232);
is($r->{rcode}, 'REFUSED', 'denied');
is($r->{ede}{code}, 18, 'EDE: Prohibited');

is(dns_query($port, 'd.test', 'A', from => '127.1.0.1')->{rcode}, 'REFUSED',
   'denied: all');
is(dns_query($port, 'quiet.test', 'A')->{rcode}, 'NOERROR', 'not logged');
is($u->count(), 3, 'only allowed ones are forwarded');

is($t->read_file('dns.log'), <<'EOF_LOG', 'access_log, map, if');
127.0.0.1 200 NOERROR -/one
127.0.0.8 200 NOERROR -/other
127.0.0.9 403 REFUSED access denied/other
127.1.0.1 403 REFUSED access denied/other
EOF_LOG

like($t->error_log(),
     qr/access forbidden by rule, udp client: 127.0.0.9, server: 127.0.0.1:/,
     'error_log');

is(dns_query($t->port(8054), 'a.test', 'A')->{rcode}, 'REFUSED', 'other');
like($t->read_file('other.log'), qr/access forbidden by rule/,
     'error_log of a server');
