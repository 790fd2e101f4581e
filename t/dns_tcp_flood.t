#!/usr/bin/perl

# Tests for servers over TCP that send what nobody has asked for: some of it is
# passed over, more of it ends the connection.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(7);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream_timeout  1s;

dns_upstream u {
    server        tcp://127.0.0.1:%%PORT_8081%% max_fails=0;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

# so many messages before the answer: responses to something else, or frames
# without anything in them

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($what, $n) = $query->{qname} =~ /^(\w)(\d+)/;

    return ({ $what eq 'r' ? (a => '192.0.2.66', id => $query->{id} ^ 1)
                           : (raw => ''), copies => $n },
            { a => '192.0.2.1' });
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

sub late { metrics($t->port(8080))->{
               'nginx_dns_upstream_unmatched_total{reason="late"}'} // 0 }

for my $what (qw/ r e /) {
    is(dns_query($port, "${what}20.test", 'A')->{answers}[0]{data},
       '192.0.2.1', "some, $what");
}

is($u->accepted(), 1, 'over one connection');

my $late = late();

for my $what (qw/ r e /) {
    is(dns_query($port, "${what}5000.test", 'A')->{rcode}, 'SERVFAIL',
       "too many, $what");
}

cmp_ok($u->accepted(), '>', 1, 'the connection has ended');
cmp_ok(late() - $late, '<', 500, 'and was read no further');
