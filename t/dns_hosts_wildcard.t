#!/usr/bin/perl

# Tests for dns_hosts: "*.name" is for names below that are not there.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(10);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   %%TESTDIR%%/hosts;
}
EOF_CONF

$t->write_file('hosts', <<'EOF_HOSTS');
192.0.2.1   *.wild.test
192.0.2.2   host.wild.test
192.0.2.3   *.deep.sub.wild.test
EOF_HOSTS

$t->run();

is(data('a.wild.test', 'A'), '192.0.2.1', 'below');
is(data('a.b.c.wild.test', 'A'), '192.0.2.1', 'far below');
is(data('A.WILD.test', 'A'), '192.0.2.1', 'upper case');
is(data('a.wild.test', 'AAAA'), '', 'NODATA');
is(data('wild.test', 'A'), 'NXDOMAIN', 'not itself');
is(data('host.wild.test', 'A'), '192.0.2.2', 'a name of its own');
is(data('a.host.wild.test', 'A'), 'NXDOMAIN', 'below a name of its own');
is(data('a.deep.sub.wild.test', 'A'), '192.0.2.3', 'longest');
is(data('*.wild.test', 'A'), '192.0.2.1', 'as it stands');
is(data('1.2.0.192.in-addr.arpa', 'PTR'), 'NXDOMAIN', 'no PTR');

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), @_);

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
