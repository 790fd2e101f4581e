#!/usr/bin/perl

# Tests for servers with one link-local address at two devices, in "server" and
# in a file of resolv_conf: they are two, and known by their devices.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Status;

own_network();

must(qw/ ip link add va type veth peer name vb /);
must('ip', 'link', 'set', $_, 'up') for qw/ va vb /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(5);

# as an editor has written it that begins UTF-8 with a mark

$t->write_file('resolv.conf', "\xef\xbb\xbfnameserver fe80::1%va\r\n"
                              . "nameserver fe80::1%vb\nnameserver ::1\n"
                              . "nameserver fe80::1%va\n");

$t->write_stream(<<'EOF_CONF', pages => 'status');
dns_upstream lines {
    server        [fe80::1%va]:53;
    server        [fe80::1%vb]:53;
    health_check  off;
}

dns_upstream file {
    resolv_conf   %%TESTDIR%%/resolv.conf;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  a.test lines;
    dns_forward  b.test file;
}
EOF_CONF

my ($code, $said) = $t->test_config($t->read_file('nginx.conf')
    =~ s/\[fe80::1%vb\]/[fe80::1%va]/r);

is($code, 1, 'the same device');
like($said, qr/"server": duplicate address "\[fe80::1%va\]:53" in dns_upst/,
     'is duplicate');

$t->allow(qr/duplicate address/);
$t->run();

my %servers;

$t->wait_for(sub {
    %servers = map {
        $_->{upstream} => join ' ', sort map { $_->{server} } @{$_->{servers}}
    } @{status($t->port(8080))->{upstreams}};

    return ($servers{file} // '') =~ /vb/;
}, 5);

is($servers{lines}, '[fe80::1%va]:53 [fe80::1%vb]:53', 'two devices');
is($servers{file}, '[::1]:53 [fe80::1%va]:53 [fe80::1%vb]:53', 'of a file');
like($t->error_log, qr/3 servers of .* 3 new, 0 gone: \[fe80::1%va\]:53 \[fe80/,
     'as the log says');
