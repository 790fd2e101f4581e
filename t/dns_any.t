#!/usr/bin/perl

# Tests for dns_any: questions for ANY over UDP (RFC 8482).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
dns_cache_zone zone=one:1m;

log_format  dns '$dns_qname $dns_qtype $dns_rcode "$dns_error" '
                '$dns_cache_status';

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    access_log   %%TESTDIR%%/dns.log dns;
    dns_cache    one;
    dns_any      minimal;
    dns_host     192.0.2.9 host.test;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;

    dns_zone refuse.test {
        dns_any   refuse;
        dns_pass  127.0.0.1:%%PORT_8081%%;
    }

    dns_zone forward.test {
        dns_any   forward;
        dns_pass  127.0.0.1:%%PORT_8081%%;
    }

    dns_zone blocked.test {
        dns_return  nxdomain;
    }
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  only.test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);

$t->run();

my $port = $t->port(8053);

my $m = dns_query($port, 'a.test', 'ANY', edns => 1232);

is($m->{rcode}, 'NOERROR', 'minimal');
is(@{$m->{answers}}, 1, 'one record');
is($m->{answers}[0]{type}, 'HINFO', 'HINFO');
is($m->{answers}[0]{name}, 'a.test', 'of the name');
is($m->{edns}{size}, 1232, 'with EDNS');
is($up->count('a.test'), 0, 'nobody was asked');

is(dns_query($port, 'a.test', 'ANY', proto => 'tcp')->{answers}[0]{data},
   '192.0.2.1', 'over TCP it goes on');
is(dns_query($port, 'a.test', 'ANY')->{answers}[0]{type}, 'HINFO',
   'whatever the cache has then');
is(dns_query($port, 'a.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'another type');

$m = dns_query($port, 'a.refuse.test', 'ANY', edns => 1232);

is($m->{rcode}, 'REFUSED', 'refuse');
is($up->count('a.refuse.test'), 0, 'nobody was asked');
is(dns_query($port, 'a.refuse.test', 'ANY', proto => 'tcp')->{rcode}, 'NOERROR',
   'over TCP it goes on');

is(dns_query($port, 'a.forward.test', 'ANY')->{answers}[0]{data},
   '192.0.2.1', 'forward');
is(dns_query($port, 'a.blocked.test', 'ANY')->{rcode}, 'NXDOMAIN',
   'dns_return goes before');
is(dns_query($port, 'host.test', 'ANY')->{answers}[0]{data}, '192.0.2.9',
   'so do hosts');

is(dns_query($t->port(8054), 'a.only.test', 'ANY')->{answers}[0]{data},
   '192.0.2.1', 'by default it is as any other');
is(dns_query($t->port(8054), 'a.other.test', 'ANY')->{rcode}, 'REFUSED',
   'no zone');

$t->wait_for(sub { $t->read_file('dns.log') =~ /host.test/ });

my $log = $t->read_file('dns.log');

like($log, qr/^a.test ANY NOERROR "-?" LOCAL$/m, 'log');
like($log, qr/^a.refuse.test ANY REFUSED "dns_any refuse" /m, 'with a reason');

my ($code, $said) = $t->test_config(<<'EOF');
%%TEST_GLOBALS%%
events { }
stream { dns_any maybe; }
EOF

like($code ? $said : "fine",
     qr/"dns_any": invalid value "maybe", it must be "forward", "minimal" or /,
     "invalid value");

$t->plan();
