#!/usr/bin/perl

# Tests for wrong IDs: a question that somebody seems to guess at is asked over
# TCP (RFC 5452, 9.3), for a minute.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(11);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

my $first;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    return { a => '192.0.2.1' } if $query->{tcp};

    # of two that left at once by one socket, so many guesses for both

    if ($query->{qname} eq 'pair.test') {
        $first = $query->{id} if $query->{n} == 0;

        return if $query->{n} != 1;

        return map { { a => '192.0.2.66', id => $_ } }
            (grep { $_ != $first } map { ($query->{id} + $_) & 0xffff }
             1 .. 20)[0 .. 15];
    }

    # so many guesses, then the answer

    my ($n) = $query->{qname} =~ /^n(\d+)/;

    return ((map { { a => '192.0.2.66', id => ($query->{id} + $_) & 0xffff } }
             1 .. $n),
            { a => '192.0.2.1', delay => 0.05 });
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

is(dns_query($port, 'n15.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'a few wrong IDs');
is($u->accepted(), 0, 'over UDP');
is(dns_query($port, 'n40.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'more of them');
is($u->accepted(), 1, 'over TCP');

my $page = metrics($t->port(8080));
is($page->{'nginx_dns_guessed_total'}, 1, 'counted');

# for a minute the same question is not asked over UDP, whatever its flags

is(dns_query($port, 'n40.test', 'A', do => 1)->{answers}[0]{data},
   '192.0.2.1', 'the same again');
is($u->count('n40.test'), 3, 'over TCP at once');
is(metrics($t->port(8080))->{'nginx_dns_guarded_total'}, 1, 'counted');

# a guess at one is a guess at all with the same question

my $c = dns_connect($port);

$c->write(join '', map {
    frame(encode(id => $_, flags => $_ << 8, question => [ 'pair.test', 'A' ]))
} 0, 1);

is(join(' ', map { $c->answer->{answers}[0]{data} } 1, 2),
   '192.0.2.1 192.0.2.1', 'two at once');

$page = metrics($t->port(8080));
is($page->{'nginx_dns_guessed_total'}, 3, 'both over TCP');

cmp_ok($page->{'nginx_dns_upstream_unmatched_total{reason="late"}'}, '>=', 31,
       'and the wrong IDs');
