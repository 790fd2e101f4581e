#!/usr/bin/perl

# Tests for dns_pipeline.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF');
# on a busy machine a server would be asked once more

dns_next_upstream  off;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen        127.0.0.1:%%PORT_8053%%;
    dns_forward   . u;
    dns_pipeline  4;
}

server {
    listen        127.0.0.1:%%PORT_8054%%;
    dns_forward   . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.05 } });

$t->run();

sub answers {
    my ($s, $n) = @_;
    return scalar grep { my $r = $s->answer();
                         $r && $r->{answers}[0]{data} eq '192.0.2.1' } 1 .. $n;
}

# more than that wait for their turn, in one write and in several

my $s = dns_connect($t->port(8053));
$s->send(map { [ "a$_.test", 'A' ] } 1 .. 30);
is(answers($s, 30), 30, 'all are answered');
is($u->max_inflight(), 4, 'four at once');

$s->send([ "b$_.test", 'A' ]) for 1 .. 10;
is(answers($s, 10), 10, 'written one by one');
is($u->max_inflight(), 4, 'four at once');

# one does not hold up another

my $other = dns_connect($t->port(8053));
$_->send(map { [ "c$_.test", 'A' ] } 1 .. 8) for $s, $other;
answers($_, 8) for $s, $other;

# the default

$u->reset();
$s = dns_connect($t->port(8054));
$s->send(map { [ "d$_.test", 'A' ] } 1 .. 300);
is(answers($s, 300), 300, 'all are answered');
is($u->max_inflight(), 128, 'the default');
