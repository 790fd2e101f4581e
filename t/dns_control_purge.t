#!/usr/bin/perl

# Tests for dns_control: purges of the cache.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(29);

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'control status');
dns_cache_zone  zone=answers:1m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_cache    answers;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $up = $t->upstream(8081, sub {
    my ($query) = @_;

    return { a => '192.0.2.1', delay => $query->{qname} =~ /^slow/ ? 0.5 : 0 };
});

$t->run();

my $http = $t->port(8080);

sub purge {
    my ($args) = @_;

    my $r = http($http, "/dns/caches/answers/purge$args", method => 'POST');

    return JSON::PP::decode_json($r->{body})->{purged} // $r->{body};
}

# names that are asked for again at the server, out of some

my @names = qw/ a.test b.a.test c.b.a.test ba.test x.test /;

sub fill { dns_query($t->port(8053), $_, 'A') for @names }

sub gone {
    $up->reset();
    fill();
    return join ' ', sort keys %{$up->names()};
}

fill();
is(gone(), '', 'all are there');

is(purge('?name=a.test'), 1, 'a name');
is(gone(), 'a.test', 'is gone');

is(purge('?name=A.Test.'), 1, 'any case, with the last dot');
is(gone(), 'a.test', 'is gone');

is(purge('?name=a.test&below=0'), 1, 'below=0');
is(gone(), 'a.test', 'is as if it was not there');

is(purge('?name=%5c097.test'), 1, 'an escape');
is(gone(), 'a.test', 'is gone');

is(purge('?name=a.test&below=1'), 3, 'and what is below');
is(gone(), 'a.test b.a.test c.b.a.test', 'is gone');

is(purge('?name=a.test&type=AAAA'), 0, 'another type');
is(gone(), '', 'is not there');

is(purge('?name=a.test&type=A'), 1, 'its type');
is(gone(), 'a.test', 'is');

is(purge('?name=.&below=1'), 5, 'all below the root');
is(gone(), join(' ', sort @names), 'are gone');

is(purge(''), 5, 'all');
is(status($http)->{caches}[0]{entries}, 0, 'none is there');
is(gone(), join(' ', sort @names), 'and asked for again');

# what is in flight is answered, and not stored

my $pid = fork() // die;

if ($pid == 0) {
    my $r = dns_query($t->port(8053), 'slow.test', 'A');
    POSIX::_exit($r->{rcode} eq 'NOERROR' ? 0 : 1);
}

$t->wait_for(sub { $up->count('slow.test') });
is(purge('?name=other.test'), 0, 'a purge while a query is in flight');
waitpid $pid, 0;
is($?, 0, 'it is answered');

# a server that is slow is asked more than once

my $asked = $up->count('slow.test');

dns_query($t->port(8053), 'slow.test', 'A');
cmp_ok($up->count('slow.test'), '>', $asked, 'and was not stored');

$asked = $up->count('slow.test');
dns_query($t->port(8053), 'slow.test', 'A');
is($up->count('slow.test'), $asked, 'the next one is');

# logged

like($t->error_log(), qr/\[notice\].*dns_cache_zone "answers": 3 answers of names below a.test were purged by hand, client:/,
     'below');
like($t->error_log(), qr/"answers": 5 answers were purged by hand, client/,
     'all');
like($t->error_log(), qr/"answers": 1 answers of a\.test were purged/, 'one');

# two at once

my @s = map {
    IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $http)
} 1 .. 4;

$_->print("POST /dns/caches/answers/purge HTTP/1.0\r\n\r\n") for @s;
is(scalar(grep { local $/; <$_> =~ /"purged":/ } @s), 4, 'at once');

# one that does not wait for it

my $s = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $http);
$s->print("POST /dns/caches/answers/purge HTTP/1.0\r\n\r\n");
$s->close();
is(purge(''), 0, 'after one that went away');
