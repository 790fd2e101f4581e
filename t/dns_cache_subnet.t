#!/usr/bin/perl

# Tests for dns_cache: answers for a subnet of clients are not for all
# (RFC 7871).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}
EOF_CONF

# family, source and scope prefix, address; the scope stands in the name

sub subnet {
    return [ 8, pack 'nCCa3', 1, 24, $_[0], "\xc0\0\2" ];
}

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($scope) = $query->{qname} =~ /^s(\d+)/;

    return { a => '192.0.2.1',
             edns => { size => 1232, options => [ subnet($scope) ] } };
});

$t->run();

my $port = $t->port(8053);
my @edns = (edns => { size => 1232, options => [ subnet(0) ] });

# a client's subnet is not sent on, so no answer has a right to a scope

my $r = dns_query($port, 's24.test', 'A', @edns);
is($r->{answers}[0]{data}, '192.0.2.1', 'answered');
is_deeply($r->{edns}{options}, [], 'no subnet comes back');
dns_query($port, 's24.test', 'A', @edns);
is($u->count('s24.test'), 2, 'scoped: asked again');

my ($query) = map { Test::Nginx::DNS::Message::decode($_->{raw}) }
              $u->queries();
is_deeply($query->{edns}{options}, [], 'no subnet is sent');

dns_query($port, 's0.test', 'A', @edns) for 1, 2;
is($u->count('s0.test'), 1, 'scope 0: for all');
dns_query($port, 's0.test', 'A');
is($u->count('s0.test'), 1, 'for clients without one, too');
