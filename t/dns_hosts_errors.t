#!/usr/bin/perl

# Tests for dns_hosts: lines that are wrong are logged with file and line, and
# skipped; values that are wrong are refused.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(21);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   hosts more ttl=1m;
}
EOF_CONF

$t->write_file('hosts', <<'EOF_HOSTS');
192.0.2.1 a.test
192.0.2.256 b.test
c.test 192.0.2.3
192.0.2.4
192.0.2.5 d.test e..test
192.0.2.6 f*.test
192.0.2.7 g.test
EOF_HOSTS

$t->write_file('more', "bad\033\n" x 30);

$t->run();

is(data('a.test'), '192.0.2.1', 'before');
is(data('g.test'), '192.0.2.7', 'after');
is(data($_), 'NXDOMAIN', "$_ skipped") for qw/ b.test d.test /;

my $log = $t->error_log();

like($log, qr!\[warn\].* invalid address "192.0.2.256" in \S*/hosts:2, line!,
     'address');
like($log, qr/invalid address "c.test" in \S*hosts:3,/, 'name first');
like($log, qr/no name for address "192.0.2.4" in \S*hosts:4,/, 'no name');
like($log, qr/invalid name "e..test" in \S*hosts:5,/, 'name');
like($log, qr/label of name "f\*.test" in \S*hosts:6,/, 'pattern');
like($log, qr/invalid address "bad\\x1b" in \S*more:1,/, 'control character');
is(() = $log =~ /hosts:\d+, line/g, 5, 'logged once');
is(() = $log =~ /more:\d+, line/g, 10, 'logged up to ten');
like($log, qr/dns_hosts: 20 more bad lines in "\S*more"/, 'and a count');

for my $case (
    [ 'dns_hosts nosuch;',
      qr/"dns_hosts": invalid value "nosuch".* open\(\) .* failed \(2:/ ],
    [ 'dns_hosts /tmp;', qr/"dns_hosts": .* "\/tmp", it must be a regular/ ],
    [ 'dns_hosts fallthrough;', qr/"dns_hosts": no file is named/ ],
    [ 'dns_hosts hosts ttl=x;',
      qr/"dns_hosts": invalid value "ttl=x", "ttl" must be a time/ ],
    [ 'dns_hosts hosts ttl=1; dns_hosts more ttl=2;',
      qr/"dns_hosts": "ttl=2" differs/ ],
    [ 'dns_hosts hosts off;', qr/"dns_hosts": "off" allows no other/ ],
    [ 'dns_hosts off; dns_hosts hosts;', qr/"dns_hosts": there is an "off"/ ],
    [ 'dns_hosts off;', qr/no "dns_forward" for server in .*nor "dns_zone", "dns_hosts" or "dns_host"/ ],
) {
    my ($lines, $pattern) = @$case;

    my ($code, $said) = $t->test_config(<<"EOF_CONF");
%%TEST_GLOBALS%%
events { }
stream { server { listen 127.0.0.1:%%PORT_8054%% udp; $lines } }
EOF_CONF

    like($code ? $said : 'fine', $pattern, $lines);
}

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), $_[0], 'A');

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
