#!/usr/bin/perl

# Tests for variables $dns_* in a map and in the condition of a log.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->has(qw/ pcre /)->plan(2);

$t->write_stream(<<'EOF_CONF');
map $dns_rcode $failed {
    NOERROR   0;
    default   1;
}

map $dns_qname $tenant {
    ~\.one$   one;
    default   other;
}

log_format  f  '$dns_qname $tenant $dns_rcode';

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    access_log   %%TESTDIR%%/all.log f;
    access_log   %%TESTDIR%%/failed.log f if=$failed;
}
EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    return $query->{qname} =~ /^no/ ? { rcode => 'NXDOMAIN' }
                                    : { a => '192.0.2.1' };
});

$t->run();

my $port = $t->port(8053);

dns_query($port, 'A.one', 'A');
dns_query($port, 'no.one', 'A');
dns_query($port, 'a.two', 'A');

is($t->read_file('all.log'), "a.one one NOERROR\nno.one one NXDOMAIN\n"
   . "a.two other NOERROR\n", 'map');
is($t->read_file('failed.log'), "no.one one NXDOMAIN\n", 'if');
