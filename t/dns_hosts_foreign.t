#!/usr/bin/perl

# Tests for dns_hosts: something else in place of a file leaves the table as
# it is, and is logged once; ends of lines; no_reverse.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/)->plan(24);

$t->write_stream(<<'EOF_CONF');
server {
    listen     127.0.0.1:%%PORT_8053%% udp;
    dns_hosts  hosts;
}

server {
    listen     127.0.0.1:%%PORT_8054%% udp;
    dns_hosts  hosts no_reverse;
}

server {
    listen     127.0.0.1:%%PORT_8055%% udp;
    dns_hosts  mac dos;
}
EOF_CONF

my $hosts = "192.0.2.1 a.test\n";

$t->write_file('hosts', $hosts);
$t->write_file('mac', "192.0.2.1 a.test\r192.0.2.2 b.test # x\r\r# y\rbad\r");
$t->write_file('dos', "192.0.2.3 c.test\r\n192.0.2.4 d.test\r\n\r\nbad\r\n");

$t->run();

sub data {
    my ($name, $port, $type) = @_;
    my $m = dns_query($t->port($port // 8053), $name, $type // 'A');

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

# ends of lines

is(data("$_->[0].test", 8055), "192.0.2.$_->[1]", "CR, CRLF: $_->[0]")
    for [ a => 1 ], [ b => 2 ], [ c => 3 ], [ d => 4 ];
like($t->error_log(), qr/invalid address "bad" in \S*mac:5,/, 'lines by CR');
like($t->error_log(), qr/invalid address "bad" in \S*dos:4,/, 'and by CRLF');

# names of addresses

is(data('1.2.0.192.in-addr.arpa', 8053, 'PTR'), 'a.test', 'PTR');
is(data('1.2.0.192.in-addr.arpa', 8054, 'PTR'), 'NXDOMAIN', 'no_reverse');
is(data('a.test', 8054), '192.0.2.1', 'its names');

# what is no hosts file

my $html = "<!DOCTYPE html>\n<html><body>\n192.0.2.9 no.test\n</body></html>\n";
my $utf16 = join '', map { "$_\0" } split //, "192.0.2.9 no.test\n";

for ([ 'a page', $html, 'it begins with "<"' ],
     [ 'UTF-16', "\xff\xfe$utf16", 'it has octets of 0' ],
     [ 'an error', "503 Service Unavailable\nno healthy upstream\n",
       'no line of it is right' ])
{
    my ($title, $text, $why) = @$_;
    my $seen = length $t->error_log();

    $t->write_file('hosts', $text);

    my $said = qr/"\S*hosts" is not a hosts file: \Q$why\E: the old contents/;

    ok($t->wait_for(sub { substr($t->error_log(), $seen) =~ $said }, 10),
       $title);
    is(data('a.test'), '192.0.2.1', "$title: the old contents");
    sleep 2.2;

    # each of the two tables says so

    is(() = substr($t->error_log(), $seen) =~ m!/hosts\b!g, 2,
       "$title: logged once");
}

# not at the start, either, and so not at a reload

my $line = 4 + ($t->expand('%%TEST_GLOBALS%%') =~ tr/\n//);
my $at = qr/, in \S+:$line$/m;

for ([ 'page', $html, qr/: it begins with "<"$at/ ],
     [ 'utf16', "$utf16", qr/: it has octets of 0$at/ ])
{
    my ($name, $text, $said) = @$_;

    $t->write_file($name, $text);

    my ($code, $out) = $t->test_config("%%TEST_GLOBALS%%\nevents { }\n"
        . "stream { server { listen 127.0.0.1:%%PORT_8056%% udp;\n"
        . "dns_hosts $name; } }");

    like($code ? $out : 'fine', qr/"\S*$name" is not a hosts file$said/,
         "nginx -t: $name");
}

# back

$t->write_file('hosts', "192.0.2.5 a.test\n192.0.2.6 b\xc3\xbccher.test\n");
ok($t->wait_for(sub { data('a.test') eq '192.0.2.5' }, 10), 'a file again');
like($t->error_log(), qr/Punycode "b\\xc3\\xbccher.test" in \S*hosts:2,/,
     'no raw octets in the log');
unlike($t->error_log(), qr/[\x80-\xff]/, 'nowhere');
is(data('1.2.0.192.in-addr.arpa', 8053, 'PTR'), 'NXDOMAIN', 'the old is gone');
