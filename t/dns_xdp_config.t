#!/usr/bin/perl

# Tests for dns_xdp: what nginx -t says of its parameters, and of servers whose
# answers are not for everybody.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

my $listen = 'listen 127.0.0.1:%%PORT_8053%% udp;';
my $server = "$listen dns_xdp on; dns_forward . 127.0.0.1;";

my (undef, $said) = say_of("dns_xdp lo; server { $server dns_cache c; }");

if ($said =~ /is not in this build/) {
    $t->plan(2);

    like($said, qr/"dns_xdp" directive is not in this build of the module: cla/,
         'not in this build');

    (undef, $said) = say_of("server { $server dns_cache c; }");
    like($said, qr/"dns_xdp" directive is not in this build of the module: cla/,
         'nor in a server');
    exit;
}

my @lo = map {; "dns_xdp $_->[0]; server { $server dns_cache c; }", $_->[1] } (
    [ 'on', qr/"on" belongs into a server, here devices are named/ ],
    [ 'nosuch0', qr/"nosuch0" is none of "entries=" and "mode=", and there is/ ],
    [ 'lo lo', qr/"lo" after "lo": a parameter is given once/ ],
    [ 'entries=100', qr/directive needs the name of a device, as "eth0"/ ],
    (map { [ "lo entries=$_", qr/"entries=\Q$_\E" must be a number from 16 to/ ] }
     0, 15, 65537, 'x', ''),
    [ 'lo entries=100 entries=200',
      qr/"entries=200" after "entries=100": a parameter is given once/ ],
    (map { [ "lo mode=$_", qr/"mode=$_" must be "mode=auto", "mode=native" or/ ] }
     'off', ''),
    [ 'lo mode=auto mode=auto', qr/"mode=auto" after "mode=auto": a param/ ],
    [ 'lo; dns_xdp lo', qr/"dns_xdp" directive is duplicate/ ],
);

my @against = map {; "dns_xdp lo; $_->[2] server { $_->[0] }",
        qr/"dns_xdp on" is not possible with $_->[1], in server in / } (
    [ "$server dns_cache c; allow all;", '"allow" or "deny"', '' ],
    [ "$server dns_cache c; deny 192.0.2.1;", '"allow" or "deny"', '' ],
    [ "$server dns_cache c;", '"allow" or "deny"', 'deny 192.0.2.1;' ],
    [ "$server dns_cache c; access_log %%TESTDIR%%/log f;", '"access_log"',
      'log_format f $dns_qname;' ],
    [ "$server dns_cache c; limit_conn z 1;", '"limit_conn"',
      'limit_conn_zone $remote_addr zone=z:1m;' ],
    [ "$server dns_cache c; dns_limit zone=l;", '"dns_limit"',
      'dns_limit_zone client zone=l:1m rate=1r/s;' ],
    [ "$server dns_cache c; dns_zone a.test { dns_pass 127.0.0.1; "
      . 'dns_limit zone=l; }', '"dns_limit"',
      'dns_limit_zone client zone=l:1m rate=1r/s;' ],
    [ "$server dns_cache c; dns_udp_proxy_protocol 127.0.0.1;",
      '"dns_udp_proxy_protocol"', '' ],
    [ "$server dns_cache c; dns_client_subnet add;", '"dns_client_subnet"',
      '' ],
    [ "$listen dns_xdp on; dns_cache c; dns_forward . u;",
      'a "hash" of anything but "\$dns_qname"',
      'dns_upstream u { hash $remote_addr; server 127.0.0.1; }' ],
    [ "$listen dns_xdp on; dns_cache c; dns_forward . \$by;",
      'variables in "dns_pass" or "dns_forward"',
      'dns_upstream u { server 127.0.0.1; } map $remote_addr $by '
      . '{ default u; }' ],
    [ $server, 'no "dns_cache"', '' ],
    [ 'listen 127.0.0.1:%%PORT_8053%%; dns_xdp on; dns_cache c; '
      . 'dns_forward . 127.0.0.1;', 'no "listen" for UDP', '' ],
);

my @cases = (@lo, @against,
    "server { $server dns_cache c; }",
    qr/"dns_xdp on" is not possible without a line "dns_xdp DEVICE" in "str/,
    "dns_xdp lo; server { $listen dns_xdp maybe; dns_forward . 127.0.0.1; }",
    qr/invalid value "maybe" in a server, it must be "on" or "off"/,
    "dns_xdp lo; server { $server dns_xdp off; dns_cache c; }",
    qr/"dns_xdp" directive is duplicate/);

$t->allow(qr/\[emerg\]/)->plan(@cases / 2 + 2);

while (my ($stream, $expected) = splice @cases, 0, 2) {
    my ($code, $said) = say_of($stream);

    like($said, $expected, $stream =~ s/%%\w+%%/X/gr);
}

my ($code) = say_of("dns_xdp lo; server { $server dns_cache c; }");

is($code, 0, 'fine');

(undef, $said) = say_of('dns_xdp lo; server { '
    . $server =~ s/xdp on/xdp off/r . ' }');
like($said, qr/"dns_xdp" names devices, but no server has "dns_xdp on", in \S+:\d+$/m,
     'of no use');

###############################################################################

sub say_of {
    my ($stream) = @_;

    return $t->test_config(<<"EOF_CONF");
%%TEST_GLOBALS%%
events { }
stream { dns_cache_zone zone=c:1m; $stream }
EOF_CONF
}

###############################################################################
