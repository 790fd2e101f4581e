#!/usr/bin/perl

# Tests for dns_rotate: addresses of an RRset take turns in being the first.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
dns_cache_zone zone=one:1m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_cache    one;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;

    dns_zone off.test {
        dns_rotate  off;
        dns_pass    127.0.0.1:%%PORT_8081%%;
    }
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my @v4 = map { "192.0.2.$_" } 1 .. 3;
my @v6 = map { "2001:db8::$_" } 1 .. 3;

$t->upstream(8081, sub {
    my ($q) = @_;
    my $name = $q->{qname};

    # a chain of CNAME, and signatures, stay where they are

    return { answers => [ [ $name, 'CNAME', 60, 'a.test' ],
                          map { [ 'a.test', 'A', 60, $_ ] } @v4 ] }
        if $name =~ /^cname/;

    return { answers => [ map { [ $name, 'TXT', 60, $_ ] } 1 .. 3 ] }
        if $name =~ /^txt/;

    return { answers => [ map { [ $name, 'AAAA', 60, $_ ] } @v6 ] }
        if $q->{qtype} eq 'AAAA';

    return { answers => [ map { [ $name, 'A', 60, $_ ] } @v4 ] };
});

$t->run();

sub lists {
    my ($port, $name, $type, $n, %o) = @_;

    return map {
        my $m = dns_query($t->port($port), $name, $type, %o);
        join ' ', map { $_->{data} } @{$m->{answers}};
    } 1 .. $n;
}

my @turns = ("@v4[0, 1, 2]", "@v4[1, 2, 0]", "@v4[2, 0, 1]");

is_deeply([ lists(8053, 'a.test', 'A', 6) ], [ @turns, @turns ],
          'each is the first in turn, from the cache, too');
is_deeply([ lists(8054, 'a.test', 'A', 3) ], \@turns, 'without a cache');
is_deeply([ lists(8053, 'A.test', 'A', 3, proto => 'tcp') ], \@turns,
          'over TCP, in any case');
is_deeply([ lists(8053, 'b.test', 'AAAA', 3) ],
          [ "@v6[0, 1, 2]", "@v6[1, 2, 0]", "@v6[2, 0, 1]" ], 'AAAA');

# as a stub asks: of each name both types in turn

my @both = map { (lists(8053, 'c.test', 'A', 1))[0],
                 (lists(8053, 'c.test', 'AAAA', 1))[0] } 1 .. 3;

is_deeply([ @both[0, 2, 4] ], \@turns, 'A, with AAAA in between');

is_deeply([ lists(8053, 'cname.test', 'A', 3) ],
          [ map { "a.test $_" } @turns ], 'behind a CNAME');
is_deeply([ lists(8053, 'txt.test', 'TXT', 2) ], [ '1 2 3', '1 2 3' ],
          'other types stay as they are');
is_deeply([ lists(8053, 'a.off.test', 'A', 3) ], [ ("@v4") x 3 ], 'off');

$t->plan();
