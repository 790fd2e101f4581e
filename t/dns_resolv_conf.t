#!/usr/bin/perl

# Tests for resolv_conf: the "nameserver" lines of a file are servers, and are
# read again when the file changes.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(15)
    ->allow(qr/"resolv_conf": ".*the old servers stay in use/);

my $port;

sub unread {
    return scalar(() = $t->error_log() =~ /can't be read: the old/g);
}

sub resolv_conf {
    my ($text) = @_;
    $text =~ s/%(\d)/"[127.0.1.$1]:$port"/ge;

    $t->write_file('new', $text);
    rename $t->testdir() . '/new', $t->testdir() . '/resolv.conf';
}

$port = $t->port(8081);
resolv_conf("# by hand\nsearch example.com\nnameserver %1\n");

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'status', at => 8088);
dns_upstream u {
    resolv_conf   resolv.conf;
    health_check  off;
}

dns_upstream more {
    hash $dns_qname consistent;
    resolv_conf   resolv.conf;
    server        127.0.1.3:%%PORT_8081%%;
    health_check  interval=200ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
    dns_forward  more.test more;
}
EOF_CONF

$t->upstream(8081, eval "sub { { a => '192.0.2.$_' } }", addr => "127.0.1.$_")
    for 1 .. 3;

$t->run();

my $n = 0;

sub used {
    my ($zone) = @_;
    my %used;

    for (1 .. 40) {
        my $r = dns_query($t->port(8053), 'n' . $n++ . ".$zone", 'A');
        $used{$r->{answers}[0]{data} // $r->{rcode}}++;
    }

    return join ' ', map { s/^192.0.2.//r } sort keys %used;
}

sub servers {
    my ($name) = @_;
    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};
    return join ' ', sort map { $_->{server} =~ s/^127.0.1.(\d+):.*/$1/r }
                              @{$u->{servers}};
}

is(used('example.com'), '1', 'from the first query on');
is(used('more.test'), '1 3', 'beside others');

resolv_conf("nameserver\t%1 # one\n;nameserver %3\n nameserver %3\n"
            . "nameserver %2\nnameserver %2");
ok($t->wait_for(sub { used('example.com') eq '1 2' }, 8), 'one more');
ok($t->wait_for(sub { servers('more') eq '1 2 3' }, 8), 'in the other, too');

resolv_conf("nameserver %3\nnameserver %2\n");
ok($t->wait_for(sub { used('example.com') eq '2 3' }, 8), 'one goes');
ok($t->wait_for(sub { servers('more') eq '2 3' }, 8),
   'an address is a server once');

resolv_conf("search example.com\n");
ok($t->wait_for(sub { $t->error_log() =~ /has no "nameserver"/ }, 8), 'none');
is(used('example.com'), '2 3', 'the old ones stay');

unlink $t->testdir() . '/resolv.conf';
ok($t->wait_for(sub { unread() == 2 }, 8), 'another failure is said, too');

resolv_conf("nameserver example.com\nnameserver ff02::1\nnameserver %1\n");
ok($t->wait_for(sub { used('example.com') eq '1' }, 8), 'bad lines');
like($t->error_log(), qr/\[warn\].*"example.com" in ".*resolv.conf" is no addr/,
     'said');

# a reload reads it at once

resolv_conf("nameserver %2\n");
$t->reload();
is(used('example.com'), '2', 'at a reload');

resolv_conf("nameserver ::1\nnameserver 127.0.0.53\n");
$t->reload();
ok($t->wait_for(sub {
    my ($u) = @{status($t->port(8088))->{upstreams}};
    return join(' ', sort map { $_->{server} } @{$u->{servers}})
           eq '127.0.0.53:53 [::1]:53' }), 'port 53, IPv6');

unlink $t->testdir() . '/resolv.conf';
my ($code, $said) = $t->test_config($t->read_file('nginx.conf'));
like($said, qr/"resolv_conf": ".*resolv.conf" can't be read, in dns_.*\(2:/,
     'a file that is not there is refused');
ok($t->wait_for(sub { unread() == 4 }, 8),
   'but not later');
