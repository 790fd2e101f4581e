#!/usr/bin/perl

# Tests for options of servers: the code of an Extended DNS Error (RFC 8914)
# is passed on, from the cache too, and nothing else; what is no option at
# all makes an answer malformed.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ decode /;

my $t = Test::Nginx::DNS->new()->plan(18);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
    dns_cache    c;
}
EOF_CONF

my $opt = sub { pack 'CnnCCnn/a*', 0, 41, 1232, 0, 0, 0, $_[0] };

my %answers = (
    'ede.test' => { edns => { size => 1232, options => [
        [ 10, 'cookie12' ], [ 15, "\0\x04forged" ], [ 15, "\0\x05" ],
        [ 3, 'nsid' ], [ 100, 'x' ] ] } },
    'short.test' => { edns => { size => 1232, options => [ [ 15, "\4" ] ] } },
    'long.test' => { additional => [ $opt->(pack 'nna*', 15, 9, "\0\4") ] },
    'cut.test' => { additional => [ $opt->("\0\17\0") ] },
    'two.test' => { additional => [ $opt->(''), $opt->('') ] },
);

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    return { a => '192.0.2.1', %{$answers{$query->{qname}}} };
});

$t->run();

my $port = $t->port(8053);
my $r;

for my $from ('server', 'cache') {
    $r = dns_query($port, 'ede.test', 'A', edns => { size => 1232,
        options => [ [ 10, 'client12' ] ] });

    is($r->{answers}[0]{data}, '192.0.2.1', "$from: answer");
    is_deeply($r->{edns}{options}, [ [ 15, "\0\4" ] ], "$from: the first code");
    is($r->{edns}{size}, 1232, "$from: our size");
}

is($u->count('ede.test'), 1, 'asked once');
is_deeply(decode(($u->queries())[0]{raw})->{edns}{options}, [],
          'no cookie of the client upstream');

is(dns_query($port, 'ede.test', 'A')->{edns}, undef, 'nothing without EDNS');

for my $from ('server', 'cache') {
    $r = dns_query($port, 'short.test', 'A', edns => 1232);

    is($r->{rcode}, 'NOERROR', "$from: an error too short");
    is_deeply($r->{edns}{options}, [], "$from: is no error");
}

for my $name (qw/ long.test cut.test two.test /) {
    $r = dns_query($port, $name, 'A', edns => 1232);
    is($r->{rcode}, 'SERVFAIL', "$name: malformed");
}

is($u->count('short.test'), 1, 'asked once');
is(@{$r->{answers}}, 0, 'nothing of a malformed one is passed on');
